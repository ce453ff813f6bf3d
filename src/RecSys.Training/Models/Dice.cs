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
    private readonly Tensor _alpha;
    private readonly Tensor _runningMean;
    private readonly Tensor _runningVariance;

    public Dice(int width)
    {
        _alpha = register_parameter("alpha", torch.zeros([width]));
        _runningMean = register_buffer("running_mean", torch.zeros([width]));
        _runningVariance = register_buffer("running_var", torch.ones([width]));
    }

    public override Tensor forward(Tensor input) => torch.nn.functional.dice(input, _alpha, _runningMean, _runningVariance, training);
}
