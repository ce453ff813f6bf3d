using RecSys.Training.Checkpoints;

namespace RecSys.Training;

// Saving the whole state of a run, and continuing from it.
public sealed partial class Trainer
{
    // The leader writes what all have; the others wait, since they may read it next.
    private void Save() => _phase.Rows.Lead(WriteCheckpoint);

    private void WriteCheckpoint()
    {
        var manifest = new CheckpointManifest
        {
            Model = _config.Model.Name,
            State = _state,
            Sets = Network.Model.Sets,
            Tables = [.. Rows.Tables.Select(t => new CheckpointManifest.TableEntry(t.Name, t.RowCount, t.Width))],
            Files = [],
        };
        _checkpoints.Save(manifest, WriteFiles, _config.Train.KeepCheckpoints);
    }

    private void WriteFiles(string folder)
    {
        CheckpointFiles.WriteModel(folder, Network.Model);
        CheckpointFiles.WriteOptimizer(folder, _phase.Step.Optimizer, Network.Device);
        CheckpointFiles.WriteRows(folder, _phase.Rows);
        MethodStateFile.Write(folder, Network.States);
    }

    private void Restore(long step)
    {
        var (folder, manifest) = _checkpoints.Open(step);
        if (!CheckpointFiles.HasOptimizers(folder))
            throw new CheckpointException($"{folder}: the checkpoint holds no state of the optimisers, since the run was compressed after training; it can be evaluated and served, but not trained further.");
        var states = MethodStateFile.Read(folder);
        if (manifest.State.Phase != _state.Phase || !_phase.HasStates(states))
        {
            _phase.Dispose();
            _phase = new TrainingPhase(_config, _data.Schema, _clock, _rows, _workers, _counts, states);
        }
        else
        {
            foreach (var state in states.Values)
                state.Dispose();
        }

        try
        {
            CheckpointFiles.ReadModel(folder, Network.Model);
            CheckpointFiles.ReadOptimizer(folder, _phase.Step.Optimizer, Network.Device);
            ReadRows(folder);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException($"The checkpoint does not fit the configuration: {e.Message}", e);
        }

        _state = manifest.State;
    }

    private void ReadRows(string folder)
    {
        _phase.Rows.Lead(() => CheckpointFiles.ReadRows(folder, _phase.Rows));
        if (!_workers.IsLeader)
            _phase.Rows.Optimizer.StepCount = CheckpointFiles.ReadStepCount(folder);
    }
}
