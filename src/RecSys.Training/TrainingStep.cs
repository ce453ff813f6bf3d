using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Torch.Optim;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>One optimiser step on one mini-batch: look-up, forward, backward, sparse and dense update.</summary>
/// <remarks>Owns the dense optimiser; network and rows belong to the caller. Not thread-safe.</remarks>
public sealed class TrainingStep : IDisposable
{
    private readonly CtrNetwork _network;
    private readonly IRowStore _rows;
    private readonly bool _bf16;
    private readonly double _clipNorm;
    private readonly List<Tensor> _blocks = [];

    /// <summary>Creates the step.</summary>
    /// <param name="config">Optimiser and precision.</param>
    /// <param name="network">The network to train.</param>
    /// <param name="rows">Its rows.</param>
    public TrainingStep(RunConfig config, CtrNetwork network, IRowStore rows)
    {
        _network = network;
        _rows = rows;
        _bf16 = config.Train.Precision == "bf16";
        _clipNorm = config.DenseOptimizer.ClipNorm;
        Optimizer = config.DenseOptimizer.Create(network.Model);
    }

    /// <summary>The optimiser of the dense parameters.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Trains on a planned batch.</summary>
    /// <param name="batch">The batch; see <see cref="CtrNetwork.Plan"/>.</param>
    /// <returns>Mean loss of the batch before the update.</returns>
    public float Run(Batch batch)
    {
        using var scope = torch.NewDisposeScope();
        var labels = torch.tensor(batch.Labels.AsSpan(0, batch.Size), [batch.Size]).to(_network.Device);
        _blocks.Clear();
        Tensor loss;
        using (_bf16 ? torch.autocast(torch.bfloat16, _network.Device) : null)
        {
            var logits = _network.Forward(batch, _rows, _blocks).to(torch.float32);
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels);
        }

        Optimizer.zero_grad();
        loss.backward();
        _network.Apply(batch, _rows, _blocks);
        if (_clipNorm > 0)
            torch.nn.utils.clip_grad_norm_(_network.Model.parameters(), _clipNorm);
        Optimizer.step();
        return loss.item<float>();
    }

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();
}
