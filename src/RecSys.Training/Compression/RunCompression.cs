using System.Diagnostics;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training.Compression;

/// <summary>
/// Compresses the embeddings of a finished run: tables of the same shapes in another precision, or the tables of another method, made
/// from the vector of every id. The dense part stays as it is. What comes out is a run of its own.
/// </summary>
public sealed class RunCompression
{
    private readonly TrainedRun _source;
    private readonly RunConfig _config;

    private RunCompression(TrainedRun source, RunConfig config)
    {
        _source = source;
        _config = config;
    }

    /// <summary>Compresses a run and evaluates it before and after.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="target">Folder of the compressed run, new or empty; it appears when it is complete.</param>
    /// <param name="options">What to turn the run into.</param>
    /// <exception cref="ConfigException">The options do not fit together or to the run, or the budget cannot be reached.</exception>
    /// <exception cref="CheckpointException">The run has no checkpoint, or a damaged one.</exception>
    /// <exception cref="DataException">Something is in the target folder already.</exception>
    public static CompressionResult Run(string directory, string target, CompressionOptions options)
    {
        target = Path.TrimEndingDirectorySeparator(target);
        using var source = TrainedRun.Open(directory);
        var config = RunConfig.Load(Path.Combine(directory, RunDirectory.ConfigFile), options.Overrides(source.Config.Embedding.Method));
        if (File.Exists(target))
            throw new DataException($"{target}: is a file; valid: a new folder or an empty one");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new DataException($"{target}: holds files, and is left alone; valid: a new folder or an empty one");

        return new RunCompression(source, config).Run(directory, target);
    }

    private CompressionResult Run(string directory, string target)
    {
        long started = Stopwatch.GetTimestamp();
        var states = KeptStates();
        using var planned = EmbeddingLayout.Build(_config.Embedding, _source.Data.Schema, _source.Network.Model.Sets, states);
        if (states.Count == planned.Groups.Count && _source.Network.Layout.Sets.Zip(planned.Sets).All(s => s.First.Layout.ByteCount <= s.Second.Layout.ByteCount))
            throw _config.Embedding.Method.Source.Error("", $"rows of {_config.Embedding.Method.Precision} make no table smaller than it is; valid: a precision of fewer bytes, or --budget");
        List<Conversion> conversions = [];
        try
        {
            foreach (var group in planned.Groups.Where(g => !states.ContainsKey(g.Name)))
                conversions.Add(Convert(group));
            foreach (var conversion in conversions)
                states.Add(conversion.Name, conversion.End.State);

            using var network = CtrNetwork.Create(_config, _source.Data.Schema, _source.Network.WithDecided(states));
            CheckpointFiles.ReadModel(_source.Folder, network.Model);
            using var rows = new MemoryRowStore(network.Embeddings.Tables, new Sgd(new SparseOptimizerOptions()), (ulong)_config.Train.Seed);
            Fill(network, rows, conversions);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

            var before = new CompressionFigures(
                directory,
                _source.Config,
                _source.Evaluate(DataSplit.Validation),
                _source.Evaluate(DataSplit.Test),
                _source.Bytes,
                _source.Manifest.State.Step,
                LookupSpeed.Nanoseconds(directory, _source.Network, _source.Data));
            var validation = Scorer.Evaluate(network, rows, _source.Data, DataSplit.Validation, _config.Train.BatchSize);
            var test = Scorer.Evaluate(network, rows, _source.Data, DataSplit.Test, _config.Train.BatchSize);
            Write(target, network, rows, validation, test);
            var bytes = EmbeddingBytes.OfServed(network.CountBytes(rows.Optimizer, _config.Train.BatchSize), before.Bytes.Full);
            var after = new CompressionFigures(target, _config, validation, test, bytes, before.Step, LookupSpeed.Nanoseconds(target, network, _source.Data));
            return new CompressionResult(before, after, _source.Data.Schema.Name, seconds);
        }
        finally
        {
            conversions.ForEach(c => c.Dispose());
        }
    }

    // What the methods of the run have decided, for the groups of fields that keep their shapes.
    private Dictionary<string, MethodState> KeptStates()
    {
        var states = new Dictionary<string, MethodState>();
        foreach (var group in FieldGroup.Of(_config.Embedding, _source.Data.Schema, _source.Network.Model.Sets))
        {
            var before = _source.Network.Layout.Groups.FirstOrDefault(g => g.Name == group.Name && g.Request.Fields.SequenceEqual(group.Fields) && group.Spec.HasShapesOf(g.Spec));
            Check(group, before);
            if (before is not null)
                states.Add(group.Name, before.Request.State);
        }

        return states;
    }

    private static void Check(FieldGroup group, EmbeddingGroup? before)
    {
        var spec = group.Spec;
        if (before is null && spec.Method is not IVectorCompression)
            throw spec.Source.Error("name", CompressionOptions.NotAfterTraining(spec.Method.Name, $" (it is for the fields {string.Join(", ", group.Fields.Select(f => f.Name))} in the set {group.Set.Name})"));
        if (spec.Precision is { IsInteger: true, Scale: RowScale.Learned } && spec.Precision != before?.Spec.Precision)
            throw spec.Source.Error("", "rows cannot be put into a precision with 'scale: learned' after training, since steps are learned while training; valid: row, fixed");
    }

    private Conversion Convert(EmbeddingGroup group)
    {
        var set = _source.Network.Layout.Sets.Single(s => s.Name == group.Request.SetName);
        var vectors = VectorReader.Read(set.Layout, group.Request.Fields, _source.Folder);
        try
        {
            return new Conversion(group.Name, vectors, ((IVectorCompression)group.Spec.Method).Compress(group.Request, vectors));
        }
        catch (ArgumentException e)
        {
            foreach (var table in vectors)
                table.Dispose();
            throw group.Spec.Source.Error("", e.Message);
        }
    }

    private void Fill(CtrNetwork network, MemoryRowStore rows, List<Conversion> conversions)
    {
        foreach (var group in network.Layout.Groups)
        {
            var tables = group.TablesOf(rows);
            if (conversions.Find(c => c.Name == group.Name) is { } conversion)
                conversion.End.Fill!(tables);
            else
                Copy(_source.Network.Layout.Groups.Single(g => g.Name == group.Name), tables);
        }
    }

    private void Copy(EmbeddingGroup from, IReadOnlyList<RowTable> to)
    {
        using var rows = new MappedRowStore(SafetensorsFile.Open(Path.Combine(_source.Folder, CheckpointFiles.Tables)), from.Layout.Tables);
        for (int t = 0; t < to.Count; t++)
            rows.CopyTo(t, to[t]);
    }

    private void Write(string target, CtrNetwork network, MemoryRowStore rows, EvaluationResult validation, EvaluationResult test)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        string temporary = FormattableString.Invariant($"{folder}.{Environment.ProcessId}.partial");
        try
        {
            RunDirectory.Prepare(temporary, _config, _source.Data, resume: false);
            var manifest = Manifest(network, rows, validation);
            new CheckpointStore(temporary).Save(manifest, checkpoint => WriteFiles(checkpoint, network, rows), keep: 1);
            using (var log = new MetricsLog(temporary, step: 0))
            {
                log.Write("compress", manifest.State.Step, validation);
                log.Write("test", manifest.State.Step, test);
            }

            if (Directory.Exists(folder))
                Directory.Delete(folder);
            Directory.Move(temporary, folder);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private CheckpointManifest Manifest(CtrNetwork network, MemoryRowStore rows, EvaluationResult validation) => _source.Manifest with
    {
        State = _source.Manifest.State with
        {
            Phase = network.Layout.Groups.Max(g => g.Request.State.Phase),
            PeakBytes = 0,
            PeakDiskBytes = 0,
            BestStep = _source.Manifest.State.Step,
            BestMetric = validation.Goodness(_config.Train.Metric),
            Finished = true,
        },
        Tables = [.. rows.Tables.Select(t => new CheckpointManifest.TableEntry(t.Name, t.RowCount, t.Width))],
    };

    private static void WriteFiles(string folder, CtrNetwork network, MemoryRowStore rows)
    {
        CheckpointFiles.WriteModel(folder, network.Model);
        CheckpointFiles.WriteTables(folder, rows);
        MethodStateFile.Write(folder, network.States);
    }

    // The tables of a group that are made from vectors.
    private sealed record Conversion(string Name, IReadOnlyList<RowTable> Vectors, PhaseEnd End) : IDisposable
    {
        public void Dispose()
        {
            foreach (var table in Vectors)
                table.Dispose();
            End.State.Dispose();
        }
    }
}
