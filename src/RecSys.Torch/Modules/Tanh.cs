namespace RecSys.Torch.Modules;

/// <summary>Hyperbolic tangent of every element.</summary>
public sealed class Tanh : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    /// <param name="input">Any shape.</param>
    public override Tensor forward(Tensor input) => input.tanh();
}
