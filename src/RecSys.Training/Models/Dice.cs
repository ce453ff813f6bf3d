using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Data-adaptive activation: p·x + (1 − p)·α·x with p = σ((x − mean) / √(var + ε)) over the mini-batch, moving averages in
/// evaluation; α per channel, first 0.
/// </summary>
/// <remarks>Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", 2018.</remarks>
internal sealed class Dice : Module<Tensor, Tensor>
{
    private readonly BatchNorm1d _norm;
    private readonly Tensor _alpha;

    public Dice(int width)
    {
        _norm = register_module("norm", torch.nn.BatchNorm1d(width, eps: 1e-9, momentum: 0.01, affine: false));
        _alpha = register_parameter("alpha", torch.zeros([width]));
    }

    public override Tensor forward(Tensor input)
    {
        var p = _norm.forward(input).sigmoid();
        return (p + ((1 - p) * _alpha)) * input;
    }
}
