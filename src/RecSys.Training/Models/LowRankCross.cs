using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Cross layers of low rank: x₀ ⊙ (U·tanh(C·tanh(V·x)) + b) + x, where several experts per layer are mixed by gates that all layers share.
/// </summary>
/// <remarks>Wang et al., "DCN V2: Improved Deep &amp; Cross Network and Practical Lessons for Web-scale Learning to Rank Systems",
/// 2021.</remarks>
internal sealed class LowRankCross : Module<Tensor, Tensor>
{
    private readonly List<(Tensor Down, Tensor Core, Tensor Up, Tensor Bias)> _layers = [];
    private readonly Linear _gates;

    /// <summary>Creates the layers.</summary>
    /// <param name="width">Columns of the input.</param>
    /// <param name="layers">Layers, ≥ 1.</param>
    /// <param name="experts">Experts of a layer, ≥ 1.</param>
    /// <param name="rank">Rank of an expert, ≥ 1.</param>
    public LowRankCross(int width, int layers, int experts, int rank)
    {
        for (int i = 0; i < layers; i++)
        {
            _layers.Add((
                register_parameter($"down{i}", torch.nn.init.xavier_normal_(torch.empty([experts, width, rank]))),
                register_parameter($"core{i}", torch.nn.init.xavier_normal_(torch.empty([experts, rank, rank]))),
                register_parameter($"up{i}", torch.nn.init.xavier_normal_(torch.empty([experts, rank, width]))),
                register_parameter($"bias{i}", torch.zeros([width]))));
        }

        _gates = register_module("gates", torch.nn.Linear(width, experts, hasBias: false));
    }

    /// <summary>[batch, width] → [batch, width].</summary>
    public override Tensor forward(Tensor input) => _layers.Aggregate(input, (x, layer) =>
    {
        // [expert, batch, …]: one product of matrices per expert. The bias is the same for all experts, and the gates add up to 1.
        var core = x.unsqueeze(0).matmul(layer.Down).tanh().bmm(layer.Core).tanh();
        var gates = _gates.forward(x).softmax(1).t().unsqueeze(2);
        return (input * ((core.bmm(layer.Up) * gates).sum(0) + layer.Bias)) + x;
    });
}
