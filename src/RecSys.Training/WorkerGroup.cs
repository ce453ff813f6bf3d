using RecSys.Torch;
using RecSys.Torch.Distributed;

namespace RecSys.Training;

/// <summary>The processes that train one model together, each on its share of the mini-batches; one alone is a group too.</summary>
/// <remarks>Every member calls the same methods in the same order. Not thread-safe.</remarks>
public sealed class WorkerGroup
{
    /// <summary>A group.</summary>
    /// <param name="group">The processes, which the caller disposes; null for this one alone.</param>
    public WorkerGroup(ProcessGroup? group = null) => Processes = group;

    /// <summary>The processes; null for this one alone.</summary>
    internal ProcessGroup? Processes { get; }

    /// <summary>Number of this worker, from 0.</summary>
    public int Rank => Processes?.Rank ?? 0;

    /// <summary>Workers.</summary>
    public int Count => Processes?.WorldSize ?? 1;

    /// <summary>True for the one that evaluates, writes checkpoints and reports.</summary>
    public bool IsLeader => Rank == 0;

    /// <summary>Waits until all have come here.</summary>
    public void Wait() => Processes?.Barrier();

    /// <summary>Puts the mean over all workers into the place of gradients.</summary>
    /// <param name="parameters">Parameters, the same on all.</param>
    public void AverageGradients(IEnumerable<Tensor> parameters)
    {
        if (Processes is null)
            return;
        using var scope = torch.NewDisposeScope();

        // All workers add up the same tensors: what the mini-batch of one has not used has a gradient of zeros.
        Tensor[] gradients = [.. parameters.Select(p => p.grad ??= torch.zeros_like(p))];
        Processes.AllReduce(gradients);
        foreach (var gradient in gradients)
            gradient.mul_(1.0 / Count);
    }

    /// <summary>What the leader has computed, for all.</summary>
    /// <param name="own">The leader's; null on the others.</param>
    public EvaluationResult Share(EvaluationResult? own)
    {
        double[] shared = Share(own is null ? new double[6] : [own.Samples, own.Auc, own.Gauc, own.LogLoss, own.NormalizedEntropy, own.Calibration]);
        return own ?? new EvaluationResult((long)shared[0], shared[1], shared[2], shared[3], shared[4], shared[5]);
    }

    private double[] Share(double[] numbers)
    {
        if (Processes is null)
            return numbers;
        using var scope = torch.NewDisposeScope();
        var tensor = torch.tensor(numbers, [numbers.Length], device: Processes.Device);
        Processes.Broadcast([tensor], root: 0);
        return tensor.ToArray<double>();
    }
}
