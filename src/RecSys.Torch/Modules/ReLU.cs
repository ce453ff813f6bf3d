namespace RecSys.Torch.Modules;

/// <summary>max(x, 0) of every element.</summary>
public sealed class ReLU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    /// <param name="input">Any shape.</param>
    public override Tensor forward(Tensor input) => input.relu();
}
