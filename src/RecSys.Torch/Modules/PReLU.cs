namespace RecSys.Torch.Modules;

/// <summary>x where x > 0, else a·x with a trained slope, one for all columns or one each.</summary>
/// <remarks>He et al., "Delving Deep into Rectifiers", 2015.</remarks>
public sealed class PReLU : Module<Tensor, Tensor>
{
    private readonly Tensor _weight;

    /// <summary>Creates the module.</summary>
    /// <param name="features">1, or the number of columns.</param>
    /// <param name="init">First slope.</param>
    public PReLU(long features = 1, double init = 0.25)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _weight = register_parameter("weight", torch.full([features], init));
    }

    /// <inheritdoc/>
    /// <param name="input">[batch, features, …].</param>
    public override Tensor forward(Tensor input) => torch.nn.functional.prelu(input, _weight);
}
