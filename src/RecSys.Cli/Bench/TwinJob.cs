using System.Runtime.InteropServices;
using System.Text.Json;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Bench;

/// <summary>
/// The same training job as files, for the PyTorch twin (experiments/pytorch/twin.py): configuration, batches in the order of
/// training, first values of all parameters.
/// </summary>
internal sealed class TwinJob
{
    private readonly string _folder;
    private readonly DataSchema _schema;

    public TwinJob(string folder, DataSchema schema)
    {
        _folder = folder;
        _schema = schema;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Refuses what the twin does not have: it knows models over full tables, Adam and SGD, and three optimisers of rows.</summary>
    /// <exception cref="ConfigException">Model, method or optimiser is another.</exception>
    public static void ThrowIfUnsupported(RunConfig config)
    {
        if (config.Embedding.Method.Method.Name != "full")
            throw config.Root.Error("embedding", "the PyTorch twin has the method full only");
        if (config.DenseOptimizer is not { Name: "adam" or "sgd", WeightDecay: 0, ClipNorm: 0 })
            throw config.Root.Error("dense_optimizer", "the PyTorch twin has the dense optimisers adam and sgd, without weight_decay and clip_norm");
        if (config.SparseOptimizer.Name is not ("adagrad" or "lazy_adam" or "sgd"))
            throw config.Root.Error("sparse_optimizer", "the PyTorch twin has the sparse optimisers adagrad, lazy_adam and sgd");
        if (config.SparseOptimizer.BatchAwareL2 > 0)
            throw config.Root.Section("sparse_optimizer").Error("batch_aware_l2", "the PyTorch twin has no batch_aware_l2; valid: 0");
    }

    /// <summary>Writes job.json.</summary>
    /// <param name="config">The run's configuration; method <c>full</c>, precision fp32.</param>
    /// <param name="epochRows">Samples per epoch; the last batch of an epoch may be smaller.</param>
    /// <param name="warmUpSteps">Steps left out of the speed.</param>
    public void WriteDescription(RunConfig config, long epochRows, int warmUpSteps)
    {
        var features = _schema.EmbeddingFeatures;
        var job = new
        {
            model = config.Model.Name,
            device = config.Train.FindDevice().ToString(),
            options = config.Model.Options.Scalars(),
            dimension = config.Embedding.Dimension,
            fields = features.Select(f => f.Field).Distinct().Select(f => new { name = f.Name, size = f.VocabularySize }),
            features = features.Select(f => new
            {
                name = f.Name,
                field = f.Field.Name,
                single = f.IsSingle,
                cross = _schema.Features.Single(known => known.Name == f.Name).Cross,
                target = IsHistory(f) ? features.FirstOrDefault(t => t.IsSingle && t.Field == f.Field)?.Name : null,
            }),
            tasks = _schema.Tasks.Select(task => new { name = task.Name, weight = config.Model.Options.Section("task_weights").Double(task.Name, 1) }),
            dense_optimizer = new { name = config.DenseOptimizer.Name, learning_rate = config.DenseOptimizer.LearningRate },
            sparse_optimizer = new { name = config.SparseOptimizer.Name, learning_rate = config.SparseOptimizer.Options.LearningRate, l2 = config.SparseOptimizer.Options.L2, epsilon = config.SparseOptimizer.Options.Epsilon },
            batch_size = config.Train.BatchSize,
            epoch_rows = epochRows,
            warmup_steps = warmUpSteps,
        };
        File.WriteAllText(Path.Combine(_folder, "job.json"), JsonSerializer.Serialize(job));
    }

    /// <summary>Writes the first values of all parameters; the twin takes the shapes of its layers from them.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">Its rows.</param>
    public void WriteInitialValues(CtrNetwork network, MemoryRowStore rows)
        => CheckpointFiles.WriteAll(Path.Combine(_folder, "initial.safetensors"), network.Model, rows);

    /// <summary>Writes the samples of a split; the batches are disposed.</summary>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <param name="batches">Batches in the order of use.</param>
    public void WriteSamples(string split, IEnumerable<Batch> batches)
    {
        var features = _schema.EmbeddingFeatures;
        var ids = features.Select(_ => new List<int>()).ToArray();
        var offsets = features.Select(_ => new List<long> { 0 }).ToArray();
        List<float> labels = [];
        List<float> tasks = [];
        List<float> numeric = [];
        foreach (var batch in batches)
        {
            using (batch)
            {
                labels.AddRange(batch.Labels.AsSpan(0, batch.Size));
                tasks.AddRange(batch.TaskLabels.AsSpan(0, batch.Size * _schema.Tasks.Count));
                numeric.AddRange(batch.Numeric.AsSpan(0, batch.Size * _schema.NumericCount));
                for (int f = 0; f < ids.Length; f++)
                    Append(batch.Ids[f], ids[f], offsets[f]);
            }
        }

        using var writer = new SafetensorsWriter(Path.Combine(_folder, split + ".safetensors"));
        writer.Declare("label", "F32", labels.Count);
        if (_schema.Tasks.Count > 0)
            writer.Declare("tasks", "F32", labels.Count, _schema.Tasks.Count);
        if (_schema.NumericCount > 0)
            writer.Declare("numeric", "F32", labels.Count, _schema.NumericCount);
        for (int f = 0; f < ids.Length; f++)
        {
            writer.Declare(features[f].Name, "I32", ids[f].Count);
            if (!features[f].IsSingle)
                writer.Declare(features[f].Name + ".offsets", "I64", offsets[f].Count);
        }

        writer.Write<float>(CollectionsMarshal.AsSpan(labels));
        if (_schema.Tasks.Count > 0)
            writer.Write<float>(CollectionsMarshal.AsSpan(tasks));
        if (_schema.NumericCount > 0)
            writer.Write<float>(CollectionsMarshal.AsSpan(numeric));
        for (int f = 0; f < ids.Length; f++)
        {
            writer.Write<int>(CollectionsMarshal.AsSpan(ids[f]));
            if (!features[f].IsSingle)
                writer.Write<long>(CollectionsMarshal.AsSpan(offsets[f]));
        }

        writer.Complete();
    }

    private bool IsHistory(EmbeddingFeature feature)
        => _schema.Features.Any(f => f.Name == feature.Name && f.Kind == FeatureKind.Sequence);

    private static void Append(JaggedIds batch, List<int> ids, List<long> offsets)
    {
        long start = ids.Count;
        foreach (long id in batch.Values)
            ids.Add((int)id);
        if (!batch.IsSingle)
        {
            foreach (int end in batch.Offsets[1..])
                offsets.Add(start + end);
        }
    }
}
