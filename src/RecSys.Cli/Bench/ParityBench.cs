using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Bench;

/// <summary>The same model, data, first values and hyper-parameters here and in the PyTorch twin: one step compared number by number, then whole trainings.</summary>
internal sealed class ParityBench
{
    private readonly RunConfig _config;
    private readonly PreparedDataset _data;
    private readonly string _folder;

    public ParityBench(RunConfig config, string folder)
    {
        _config = config;
        _folder = folder;
        _data = config.Dataset.Open();
    }

    /// <summary>Largest relative error over loss, logits and all gradients of the first batch, per tensor: max |a − b| / max |b|.</summary>
    public IReadOnlyDictionary<string, double> CompareGradients()
    {
        using var network = CtrNetwork.Create(_config, _data.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, _config.SparseOptimizer.Create(), (ulong)_config.Train.Seed);
        var job = new TwinJob(_folder, _data.Schema);
        job.WriteDescription(_config, _config.Train.BatchSize, 0);
        job.WriteInitialValues(network, rows);
        job.WriteSamples("train", ReadEpoch(0, network).Take(1));
        PyTorchTwin.WriteGradients(_folder);

        using var twin = SafetensorsFile.Open(Path.Combine(_folder, "gradients.safetensors"));
        var errors = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, float[] values) in OneStep(network, rows))
            errors[name] = RelativeError(values, twin.Read<float>(name));
        return errors;
    }

    /// <summary>Trains here and in the twin on the same batches from the same first values.</summary>
    /// <returns>Quality of both on the test split.</returns>
    public (EvaluationResult Ours, TrainBenchResult Twin) CompareTraining()
    {
        using (var network = CtrNetwork.Create(_config, _data.Schema))
        using (var rows = new MemoryRowStore(network.Embeddings.Tables, _config.SparseOptimizer.Create(), (ulong)_config.Train.Seed))
        {
            var job = new TwinJob(_folder, _data.Schema);
            job.WriteDescription(_config, _data.RowCount(DataSplit.Train), 0);
            job.WriteInitialValues(network, rows);
            job.WriteSamples("train", Enumerable.Range(0, _config.Train.Epochs).SelectMany(e => ReadEpoch(e, network)));
            job.WriteSamples("test", _data.Read(DataSplit.Test, new BatchOptions { BatchSize = _config.Train.BatchSize }));
        }

        var twin = PyTorchTwin.Train(_folder);
        return (Train(), twin);
    }

    // Without validation and early stopping: both sides train the same number of epochs and are scored at the end.
    private EvaluationResult Train()
    {
        using var network = CtrNetwork.Create(_config, _data.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, _config.SparseOptimizer.Create(), (ulong)_config.Train.Seed);
        using var step = new TrainingStep(_config, network, rows, new StepClock(TimeProvider.System));
        network.Model.train();
        for (int epoch = 0; epoch < _config.Train.Epochs; epoch++)
        {
            foreach (var batch in ReadEpoch(epoch, network))
            {
                using (batch)
                    step.Run(batch);
            }
        }

        return Scorer.Evaluate(network, rows, _data, DataSplit.Test, _config.Train.BatchSize);
    }

    private IEnumerable<Batch> ReadEpoch(int epoch, CtrNetwork network) => _data.Read(DataSplit.Train, new BatchOptions
    {
        BatchSize = _config.Train.BatchSize,
        Shuffle = true,
        Seed = _config.Train.Seed,
        Epoch = epoch,
        OnBatch = network.Plan,
    });

    private Dictionary<string, float[]> OneStep(CtrNetwork network, MemoryRowStore rows)
    {
        Dictionary<string, float[]> found = [];
        using var scope = torch.NewDisposeScope();
        using var batch = ReadEpoch(0, network).First();
        network.Model.train();
        network.Gather(batch, rows);
        var input = network.Combine(batch, training: true).Single();
        (var logits, var extra, var taskLogits) = network.Model.Forward(input);
        var loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, input.Labels!);
        if (extra is not null)
            loss += extra;
        loss.backward();
        found["loss"] = [loss.item<float>()];
        found["logits"] = logits.detach().ToArray<float>();
        if (taskLogits is not null)
            found["task_logits"] = taskLogits.detach().contiguous().ToArray<float>();
        foreach ((string name, var parameter) in network.Model.named_parameters())
            found[name] = parameter.grad!.contiguous().ToArray<float>();
        var plan = CtrNetwork.PlanOf(batch);
        network.Coalesce(batch, [input]);
        foreach (var touched in plan.Batches)
        {
            var table = network.Embeddings.Tables[touched.Table];
            float[] dense = new float[table.RowCount * table.Width];
            for (int i = 0; i < touched.Count; i++)
                touched.Gradients.Slice(i * table.Width, table.Width).CopyTo(dense.AsSpan((int)touched.Rows[i] * table.Width));
            found[table.Name] = dense;
        }

        return found;
    }

    private static double RelativeError(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < theirs.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(theirs[i]));
            error = Math.Max(error, Math.Abs((double)ours[i] - theirs[i]));
        }

        return largest == 0 ? error : error / largest;
    }
}
