using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Torch.Optim;
using RecSys.Training.Configuration;
using RecSys.Training.Models;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>One optimiser step on one mini-batch: look-up, forward, backward, sparse and dense update.</summary>
/// <remarks>Owns the dense optimiser; network and rows belong to the caller. Not thread-safe.</remarks>
public sealed class TrainingStep : IDisposable
{
    private readonly CtrNetwork _network;
    private readonly IRowStore _rows;
    private readonly bool _bf16;
    private readonly double _clipNorm;
    private readonly StepClock _clock;
    private readonly WorkerGroup _workers;
    private readonly BatchAwareL2? _penalty;
    private readonly Tensor _losses;

    /// <summary>Creates the step.</summary>
    /// <param name="config">Optimiser and precision.</param>
    /// <param name="network">The network to train.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="clock">Told of every step and part.</param>
    /// <param name="workers">Who trains the network; null for this process alone.</param>
    /// <param name="counts">Samples of the ids, where the configuration asks for <c>batch_aware_l2</c>.</param>
    public TrainingStep(RunConfig config, CtrNetwork network, IRowStore rows, StepClock clock, WorkerGroup? workers = null, IdCounts? counts = null)
    {
        _penalty = counts is null ? null : new BatchAwareL2(config.SparseOptimizer.BatchAwareL2, network.Layout, counts);
        _workers = workers ?? new WorkerGroup();
        _clock = clock;
        _network = network;
        _rows = rows;
        _bf16 = config.Train.Precision == "bf16";
        _clipNorm = config.DenseOptimizer.ClipNorm;
        Optimizer = config.DenseOptimizer.Create(network.Model);
        _losses = torch.zeros([], device: network.Device).DetachFromDisposeScope();
    }

    /// <summary>The optimiser of the dense parameters.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Trains on a planned batch. What a GPU does is under way when this returns, so that the next step can be prepared meanwhile.</summary>
    /// <param name="batch">The batch; see <see cref="CtrNetwork.Plan"/>.</param>
    public void Run(Batch batch)
    {
        _clock.Lap(StepPart.Wait);
        using var scope = torch.NewDisposeScope();
        _network.Gather(batch, _rows);
        _clock.Lap(StepPart.Gather);
        var parts = _network.Combine(batch, training: true);
        _clock.Lap(StepPart.Combine);
        Optimizer.zero_grad();
        _losses.add_(Backward(parts, batch.Size));
        _network.Coalesce(batch, parts);
        _penalty?.AddTo(CtrNetwork.RowsOf(batch));
        _clock.Lap(StepPart.Coalesce);
        _network.Apply(batch, _rows);
        _clock.Lap(StepPart.UpdateRows);
        _workers.AverageGradients(_network.Model.parameters());
        if (_clipNorm > 0)
            torch.nn.utils.clip_grad_norm_(_network.Model.parameters(), _clipNorm);
        Optimizer.step();
        _clock.Step(StepPart.UpdateDense, batch.Size);
    }

    /// <summary>Waits for the steps so far, so it is not for every step.</summary>
    /// <returns>The mean losses of their batches, each before its update, added up since the last call.</returns>
    public float TakeLosses()
    {
        float sum = _losses.item<float>();
        _losses.zero_();
        _clock.Lap(StepPart.UpdateDense);
        return sum;
    }

    /// <summary>Computes the gradients of the rows of a planned batch and changes nothing.</summary>
    /// <param name="batch">The batch; its plan then holds the gradients.</param>
    public void ComputeGradients(Batch batch)
    {
        using var scope = torch.NewDisposeScope();
        _network.Gather(batch, _rows);
        var parts = _network.Combine(batch, training: true);
        Backward(parts, batch.Size);
        _network.Coalesce(batch, parts);
        CtrNetwork.BringGradients(batch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        _losses.Dispose();
        _penalty?.Dispose();
    }

    // The tensors of a part are freed before the next begins.
    private Tensor Backward(IReadOnlyList<ModelInput> parts, int batchSize)
    {
        var sum = torch.zeros([], device: _network.Device);
        foreach (var part in parts)
        {
            using var scope = torch.NewDisposeScope();
            var loss = Loss(part) * ((double)part.BatchSize / batchSize);
            _clock.Lap(StepPart.Forward);
            loss.backward();
            sum.add_(loss.detach());
            _clock.Lap(StepPart.Backward);
        }

        return sum;
    }

    private Tensor Loss(ModelInput input)
    {
        using (_bf16 ? torch.autocast(torch.bfloat16, _network.Device) : null)
        {
            var output = _network.Model.Forward(input);
            var loss = torch.nn.functional.binary_cross_entropy_with_logits(output.Logits.to(torch.float32), input.Labels!);
            return output.ExtraLoss is null ? loss : loss + output.ExtraLoss.to(torch.float32);
        }
    }
}
