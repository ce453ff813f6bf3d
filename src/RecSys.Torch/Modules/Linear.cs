namespace RecSys.Torch.Modules;

/// <summary>x·Wᵀ + b, with W [outputs, inputs]. First values as in PyTorch: W and b uniform in ±1/√inputs.</summary>
public class Linear : Module<Tensor, Tensor>
{
    /// <summary>Creates the module with first values from libtorch's generator.</summary>
    /// <param name="inputs">Width of the input, ≥ 1.</param>
    /// <param name="outputs">Width of the result, ≥ 1.</param>
    /// <param name="hasBias">False leaves b out.</param>
    public Linear(long inputs, long outputs, bool hasBias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        weight = register_parameter("weight", torch.empty([outputs, inputs]));
        torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (!hasBias)
            return;
        bias = register_parameter("bias", torch.empty([outputs]));
        double bound = 1 / Math.Sqrt(inputs);
        torch.nn.init.uniform_(bias, -bound, bound);
    }

    /// <summary>W [outputs, inputs].</summary>
    public Tensor weight { get; }

    /// <summary>b [outputs], or null.</summary>
    public Tensor? bias { get; }

    /// <inheritdoc/>
    /// <param name="input">[…, inputs].</param>
    public override Tensor forward(Tensor input) => torch.nn.functional.linear(input, weight, bias);
}
