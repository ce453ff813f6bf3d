namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_relu = new("aten::relu");
    private static readonly Operator s_sigmoid = new("aten::sigmoid");
    private static readonly Operator s_tanh = new("aten::tanh");
    private static readonly Operator s_gelu = new("aten::gelu");
    private static readonly Operator s_silu = new("aten::silu");
    private static readonly Operator s_softplus = new("aten::softplus");
    private static readonly Operator s_leakyRelu = new("aten::leaky_relu");
    private static readonly Operator s_softmax = new("aten::softmax.int");
    private static readonly Operator s_logSoftmax = new("aten::log_softmax.int");

    /// <summary>max(x, 0) of every element.</summary>
    public Tensor relu() => s_relu.Call(this);

    /// <summary>1/(1 + e⁻ˣ) of every element.</summary>
    public Tensor sigmoid() => s_sigmoid.Call(this);

    /// <summary>Hyperbolic tangent of every element.</summary>
    public Tensor tanh() => s_tanh.Call(this);

    /// <summary>x·Φ(x) of every element.</summary>
    public Tensor gelu() => s_gelu.Call(this);

    /// <summary>x·sigmoid(x) of every element.</summary>
    public Tensor silu() => s_silu.Call(this);

    /// <summary>ln(1 + eˣ) of every element.</summary>
    public Tensor softplus() => s_softplus.Call(this);

    /// <summary>x where x > 0, else slope·x.</summary>
    /// <param name="slope">Factor of negative elements.</param>
    public Tensor leaky_relu(double slope = 0.01) => s_leakyRelu.Call(this, slope);

    /// <summary>Softmax along a dimension: positive, sum 1.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor softmax(long dimension) => s_softmax.Call(this, dimension);

    /// <summary>Logarithm of <see cref="softmax"/>.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor log_softmax(long dimension) => s_logSoftmax.Call(this, dimension);
}
