namespace RecSys.Torch.Modules;

/// <summary>Normalises the last dimension to mean 0 and variance 1, then scales and shifts by trained factors.</summary>
/// <remarks>Ba, Kiros and Hinton, "Layer Normalization", 2016.</remarks>
public sealed class LayerNorm : Module<Tensor, Tensor>
{
    private readonly long[] _shape;
    private readonly double _eps;
    private readonly Tensor _weight;
    private readonly Tensor _bias;

    /// <summary>Creates the module.</summary>
    /// <param name="width">Size of the last dimension, ≥ 1.</param>
    /// <param name="eps">Added to the variance.</param>
    public LayerNorm(long width, double eps = 1e-5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _shape = [width];
        _eps = eps;
        _weight = register_parameter("weight", torch.ones(_shape));
        _bias = register_parameter("bias", torch.zeros(_shape));
    }

    /// <inheritdoc/>
    /// <param name="input">[…, width].</param>
    public override Tensor forward(Tensor input) => torch.nn.functional.layer_norm(input, _shape, _weight, _bias, _eps);
}
