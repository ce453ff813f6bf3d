namespace RecSys.Torch.Optim;

/// <summary>Operators over lists of tensors: one native call for all parameters, one kernel launch for many of them on accelerators.</summary>
internal static class Foreach
{
    private static readonly Operator s_multiplyScalar = new("aten::_foreach_mul_.Scalar");
    private static readonly Operator s_addList = new("aten::_foreach_add.List");
    private static readonly Operator s_addListInPlace = new("aten::_foreach_add_.List");
    private static readonly Operator s_addScalarInPlace = new("aten::_foreach_add_.Scalar");
    private static readonly Operator s_addcmul = new("aten::_foreach_addcmul_.Scalar");
    private static readonly Operator s_addcdiv = new("aten::_foreach_addcdiv_.ScalarList");
    private static readonly Operator s_sqrt = new("aten::_foreach_sqrt");
    private static readonly Operator s_norm = new("aten::_foreach_norm.Scalar");

    /// <summary>x ← factor·x.</summary>
    internal static void MultiplyInPlace(Tensor[] x, double factor) => s_multiplyScalar.Run(x, factor);

    /// <summary>x + factor·y.</summary>
    internal static Tensor[] Add(Tensor[] x, Tensor[] y, double factor) => s_addList.CallList(x, y, factor);

    /// <summary>x ← x + factor·y.</summary>
    internal static void AddInPlace(Tensor[] x, Tensor[] y, double factor) => s_addListInPlace.Run(x, y, factor);

    /// <summary>x ← x + value.</summary>
    internal static void AddInPlace(Tensor[] x, double value) => s_addScalarInPlace.Run(x, value);

    /// <summary>x ← x + factor·y·z.</summary>
    internal static void AddProductInPlace(Tensor[] x, Tensor[] y, Tensor[] z, double factor) => s_addcmul.Run(x, y, z, factor);

    /// <summary>x ← x + factor·y/z, with a factor for each tensor.</summary>
    internal static void AddQuotientInPlace(Tensor[] x, Tensor[] y, Tensor[] z, double[] factors)
        => s_addcdiv.Run(x, y, z, Argument.Scalars(factors));

    /// <summary>√x.</summary>
    internal static Tensor[] Sqrt(Tensor[] x) => s_sqrt.CallList(x);

    /// <summary>Norm of each tensor.</summary>
    internal static Tensor[] Norm(Tensor[] x, double order) => s_norm.CallList(x, order);
}
