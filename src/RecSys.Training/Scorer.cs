using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training;

/// <summary>Runs a network over batches without training it.</summary>
public static class Scorer
{
    /// <summary>Scores a split and computes its metrics.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="data">The data set.</param>
    /// <param name="split">Which split.</param>
    /// <param name="batchSize">Samples per batch.</param>
    /// <param name="maxRows">The first rows of the split, in whole batches, that are enough.</param>
    /// <exception cref="DataException">The split has no rows.</exception>
    public static EvaluationResult Evaluate(CtrNetwork network, IRowReader rows, PreparedDataset data, DataSplit split, int batchSize, long maxRows = int.MaxValue)
        => Collect(network, rows, data, split, batchSize, maxRows).Evaluate();

    /// <summary>Scores a split and keeps what metrics are computed from.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="data">The data set.</param>
    /// <param name="split">Which split.</param>
    /// <param name="batchSize">Samples per batch.</param>
    /// <param name="maxRows">The first rows of the split, in whole batches, that are enough.</param>
    /// <exception cref="DataException">The split has no rows.</exception>
    internal static ScoredSamples Collect(CtrNetwork network, IRowReader rows, PreparedDataset data, DataSplit split, int batchSize, long maxRows = int.MaxValue)
    {
        var batches = data.Read(split, new BatchOptions { BatchSize = batchSize, OnBatch = network.Plan });
        var scored = Collect(network, rows, data.Schema, batches.Take((int)Math.Min((maxRows + batchSize - 1) / batchSize, int.MaxValue)));
        return scored.Count > 0
            ? scored
            : throw new DataException($"The {split.ToString().ToLowerInvariant()} split of '{data.Schema.Name}' has no rows to evaluate.");
    }

    /// <summary>Scores batches and keeps what metrics are computed from.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="schema">Features of the batches.</param>
    /// <param name="batches">Planned batches; each is disposed.</param>
    internal static ScoredSamples Collect(CtrNetwork network, IRowReader rows, DataSchema schema, IEnumerable<Batch> batches)
    {
        List<float> labels = [];
        List<long> groups = [];
        List<float> logits = [];
        ScoredTask[] tasks = [.. network.Tasks.Select(task => new ScoredTask(task.Name, [], []))];
        Score(network, rows, batches, (batch, scores) =>
        {
            logits.AddRange(scores[..batch.Size]);
            labels.AddRange(batch.Labels.AsSpan(0, batch.Size));
            for (int task = 0; task < tasks.Length; task++)
                tasks[task].Add(scores.Slice((1 + task) * batch.Size, batch.Size), batch.TaskLabels.AsSpan(task), tasks.Length);
            if (schema.Group is not null)
                groups.AddRange(batch.Groups.AsSpan(0, batch.Size));
        });
        return new ScoredSamples([.. logits], [.. labels], [.. groups], tasks);
    }

    /// <summary>Computes logits batch after batch.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="batches">Planned batches; each is disposed.</param>
    /// <param name="receive">
    /// Called with each batch and its logits: one per sample of the label's task, then one per sample of each further task that the model learns.
    /// </param>
    public static void Score(CtrNetwork network, IRowReader rows, IEnumerable<Batch> batches, Action<Batch, ReadOnlySpan<float>> receive)
    {
        network.Model.eval();
        using var noGradients = torch.no_grad();
        foreach (var batch in batches)
        {
            using (batch)
            {
                using var scope = torch.NewDisposeScope();
                network.Gather(batch, rows);
                Tensor[] logits = [.. network.Combine(batch, training: false).Select(part => Logits(network, part))];
                receive(batch, (logits.Length == 1 ? logits[0] : torch.cat(logits, 1)).cpu().contiguous().Data<float>());
            }
        }
    }

    // [task, sample] on the CPU.
    private static Tensor Logits(CtrNetwork network, ModelInput input)
    {
        using var scope = torch.NewDisposeScope();
        var output = network.Model.Forward(input);
        var logits = output.Logits.unsqueeze(0);
        if (output.TaskLogits is not null)
            logits = torch.cat([logits, output.TaskLogits.t()], 0);
        return logits.to(torch.float32).to(torch.CPU).MoveToOuterDisposeScope();
    }
}
