namespace RecSys.Torch.Modules;

/// <summary>1/(1 + e⁻ˣ) of every element.</summary>
public sealed class Sigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    /// <param name="input">Any shape.</param>
    public override Tensor forward(Tensor input) => input.sigmoid();
}
