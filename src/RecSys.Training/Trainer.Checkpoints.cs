using RecSys.Training.Checkpoints;

namespace RecSys.Training;

// Saving the whole state of a run, and continuing from it.
public sealed partial class Trainer
{
    private void Save()
    {
        var manifest = new CheckpointManifest
        {
            Model = _config.Model.Name,
            State = _state,
            Sets = _network.Model.Sets,
            Tables = [.. _rows.Tables.Select(t => new CheckpointManifest.TableEntry(t.Name, t.RowCount, t.Width))],
            Files = [],
        };
        _checkpoints.Save(manifest, WriteFiles, _config.Train.KeepCheckpoints);
    }

    private void WriteFiles(string folder)
    {
        CheckpointFiles.WriteModel(folder, _network.Model);
        CheckpointFiles.WriteOptimizer(folder, _step.Optimizer);
        CheckpointFiles.WriteRows(folder, _rows);
    }

    private void Restore(long step)
    {
        var (folder, manifest) = _checkpoints.Open(step);
        try
        {
            CheckpointFiles.ReadModel(folder, _network.Model);
            CheckpointFiles.ReadOptimizer(folder, _step.Optimizer);
            CheckpointFiles.ReadRows(folder, _rows);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException($"The checkpoint does not fit the configuration: {e.Message}", e);
        }

        _state = manifest.State;
    }
}
