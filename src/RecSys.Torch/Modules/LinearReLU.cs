namespace RecSys.Torch.Modules;

/// <summary>max(0, x·Wᵀ + b): a linear layer and its ReLU in one, see <see cref="torch.nn.functional.linear_relu"/>.</summary>
/// <remarks>The name is that of PyTorch's fused module; parameters and first values are those of <see cref="Linear"/>.</remarks>
/// <param name="inputs">Width of the input, ≥ 1.</param>
/// <param name="outputs">Width of the result, ≥ 1.</param>
public sealed class LinearReLU(long inputs, long outputs) : Linear(inputs, outputs)
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => torch.nn.functional.linear_relu(input, weight, bias!);
}
