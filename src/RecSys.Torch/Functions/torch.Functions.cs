using RecSys.Torch.Interop;

namespace RecSys.Torch;

public static partial class torch
{
    private static readonly Operator s_cat = new("aten::cat");
    private static readonly Operator s_stack = new("aten::stack");
    private static readonly Operator s_where = new("aten::where.self");
    private static readonly Operator s_einsum = new("aten::einsum");
    private static readonly Operator s_addmm = new("aten::addmm");
    private static readonly Operator s_baddbmm = new("aten::baddbmm");

    /// <summary>Tensors one after the other along a dimension.</summary>
    /// <param name="tensors">Tensors, equal in all other dimensions.</param>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public static Tensor cat(IReadOnlyList<Tensor> tensors, long dimension = 0) => s_cat.Call(Argument.List(tensors), dimension);

    /// <summary>Tensors of one shape along a new dimension.</summary>
    /// <param name="tensors">Tensors of one shape.</param>
    /// <param name="dimension">Place of the new dimension.</param>
    public static Tensor stack(IReadOnlyList<Tensor> tensors, long dimension = 0) => s_stack.Call(Argument.List(tensors), dimension);

    /// <summary>The first where the condition is true, else the second; shapes are broadcast.</summary>
    /// <param name="condition">Truth values.</param>
    /// <param name="first">Where true.</param>
    /// <param name="second">Where false.</param>
    public static Tensor where(Tensor condition, Tensor first, Tensor second) => s_where.Call(condition, first, second);

    /// <summary>Sum of products in Einstein's notation: <c>bfd,bgd->bfg</c>.</summary>
    /// <param name="equation">Letters of the dimensions of the operands, and of the result.</param>
    /// <param name="tensors">Operands.</param>
    public static Tensor einsum(string equation, params Tensor[] tensors) => s_einsum.Call(equation, tensors);

    /// <summary>bias + first × second, of matrices.</summary>
    /// <param name="bias">Broadcast to the product.</param>
    /// <param name="first">[n, k].</param>
    /// <param name="second">[k, m].</param>
    public static Tensor addmm(Tensor bias, Tensor first, Tensor second) => s_addmm.Call(bias, first, second);

    /// <summary>bias + first × second, of batches of matrices.</summary>
    /// <param name="bias">Broadcast to the product.</param>
    /// <param name="first">[b, n, k].</param>
    /// <param name="second">[b, k, m].</param>
    public static Tensor baddbmm(Tensor bias, Tensor first, Tensor second) => s_baddbmm.Call(bias, first, second);

    /// <inheritdoc cref="Tensor.matmul"/>
    /// <param name="first">First factor.</param>
    /// <param name="second">Second factor.</param>
    public static Tensor matmul(Tensor first, Tensor second) => first.matmul(second);

    /// <summary>Gradients of the sum of outputs with respect to inputs; leaves' own gradients are not touched.</summary>
    /// <param name="outputs">Results of recorded operations.</param>
    /// <param name="inputs">Tensors that require gradients.</param>
    /// <param name="retainGraph">Keeps the recording for another call.</param>
    /// <param name="createGraph">Records the computation of the gradients, for second derivatives.</param>
    /// <returns>One per input; null where the outputs do not depend on it.</returns>
    public static Tensor?[] grad(
        IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> inputs, bool retainGraph = false, bool createGraph = false)
        => Autograd.Grad(outputs, inputs, retainGraph || createGraph, createGraph);
}
