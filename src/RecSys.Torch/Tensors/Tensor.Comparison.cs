namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_eqTensor = new("aten::eq.Tensor");
    private static readonly Operator s_eqScalar = new("aten::eq.Scalar");
    private static readonly Operator s_neTensor = new("aten::ne.Tensor");
    private static readonly Operator s_neScalar = new("aten::ne.Scalar");
    private static readonly Operator s_ltTensor = new("aten::lt.Tensor");
    private static readonly Operator s_ltScalar = new("aten::lt.Scalar");
    private static readonly Operator s_leTensor = new("aten::le.Tensor");
    private static readonly Operator s_leScalar = new("aten::le.Scalar");
    private static readonly Operator s_gtTensor = new("aten::gt.Tensor");
    private static readonly Operator s_gtScalar = new("aten::gt.Scalar");
    private static readonly Operator s_geTensor = new("aten::ge.Tensor");
    private static readonly Operator s_geScalar = new("aten::ge.Scalar");
    private static readonly Operator s_logicalAnd = new("aten::logical_and");
    private static readonly Operator s_logicalOr = new("aten::logical_or");
    private static readonly Operator s_logicalXor = new("aten::logical_xor");
    private static readonly Operator s_logicalNot = new("aten::logical_not");
    private static readonly Operator s_maskedFill = new("aten::masked_fill.Scalar");
    private static readonly Operator s_maskedSelect = new("aten::masked_select");
    private static readonly Operator s_nonzero = new("aten::nonzero");
    private static readonly Operator s_isfinite = new("aten::isfinite");
    private static readonly Operator s_isnan = new("aten::isnan");
    private static readonly Operator s_any = new("aten::any");
    private static readonly Operator s_all = new("aten::all");

    /// <summary>True where the element equals the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor eq(Tensor other) => s_eqTensor.Call(this, other);

    /// <summary>True where the element equals the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor eq(Scalar other) => s_eqScalar.Call(this, other);

    /// <summary>True where the element differs from the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor ne(Tensor other) => s_neTensor.Call(this, other);

    /// <summary>True where the element differs from the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor ne(Scalar other) => s_neScalar.Call(this, other);

    /// <summary>True where the element is less than the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor lt(Tensor other) => s_ltTensor.Call(this, other);

    /// <summary>True where the element is less than the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor lt(Scalar other) => s_ltScalar.Call(this, other);

    /// <summary>True where the element is at most the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor le(Tensor other) => s_leTensor.Call(this, other);

    /// <summary>True where the element is at most the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor le(Scalar other) => s_leScalar.Call(this, other);

    /// <summary>True where the element is greater than the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor gt(Tensor other) => s_gtTensor.Call(this, other);

    /// <summary>True where the element is greater than the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor gt(Scalar other) => s_gtScalar.Call(this, other);

    /// <summary>True where the element is at least the other one.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor ge(Tensor other) => s_geTensor.Call(this, other);

    /// <summary>True where the element is at least the number.</summary>
    /// <param name="other">Number.</param>
    public Tensor ge(Scalar other) => s_geScalar.Call(this, other);

    /// <summary>True where both are true (not zero).</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor logical_and(Tensor other) => s_logicalAnd.Call(this, other);

    /// <summary>True where either is true (not zero).</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor logical_or(Tensor other) => s_logicalOr.Call(this, other);

    /// <summary>True where exactly one is true (not zero).</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor logical_xor(Tensor other) => s_logicalXor.Call(this, other);

    /// <summary>True where the element is zero.</summary>
    public Tensor logical_not() => s_logicalNot.Call(this);

    /// <summary>The number where the mask is true, else the element.</summary>
    /// <param name="mask">Truth values; shapes are broadcast.</param>
    /// <param name="value">Number.</param>
    public Tensor masked_fill(Tensor mask, Scalar value) => s_maskedFill.Call(this, mask, value);

    /// <summary>The elements where the mask is true, in one dimension.</summary>
    /// <param name="mask">Truth values; shapes are broadcast.</param>
    public Tensor masked_select(Tensor mask) => s_maskedSelect.Call(this, mask);

    /// <summary>Indices of the elements that are not zero, [count, dim].</summary>
    public Tensor nonzero() => s_nonzero.Call(this);

    /// <summary>True where the element is neither infinite nor NaN.</summary>
    public Tensor isfinite() => s_isfinite.Call(this);

    /// <summary>True where the element is NaN.</summary>
    public Tensor isnan() => s_isnan.Call(this);

    /// <summary>True when an element is true (not zero).</summary>
    public Tensor any() => s_any.Call(this);

    /// <summary>True when every element is true (not zero).</summary>
    public Tensor all() => s_all.Call(this);
}
