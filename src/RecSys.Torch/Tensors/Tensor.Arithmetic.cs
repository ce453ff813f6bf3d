namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_addTensor = new("aten::add.Tensor");
    private static readonly Operator s_addScalar = new("aten::add.Scalar");
    private static readonly Operator s_subTensor = new("aten::sub.Tensor");
    private static readonly Operator s_subScalar = new("aten::sub.Scalar");
    private static readonly Operator s_mulTensor = new("aten::mul.Tensor");
    private static readonly Operator s_mulScalar = new("aten::mul.Scalar");
    private static readonly Operator s_divTensor = new("aten::div.Tensor");
    private static readonly Operator s_divScalar = new("aten::div.Scalar");
    private static readonly Operator s_rsubScalar = new("aten::rsub.Scalar");
    private static readonly Operator s_reciprocal = new("aten::reciprocal");
    private static readonly Operator s_neg = new("aten::neg");
    private static readonly Operator s_matmul = new("aten::matmul");
    private static readonly Operator s_mm = new("aten::mm");
    private static readonly Operator s_bmm = new("aten::bmm");
    private static readonly Operator s_powScalar = new("aten::pow.Tensor_Scalar");
    private static readonly Operator s_square = new("aten::square");
    private static readonly Operator s_sqrt = new("aten::sqrt");
    private static readonly Operator s_rsqrt = new("aten::rsqrt");
    private static readonly Operator s_exp = new("aten::exp");
    private static readonly Operator s_log = new("aten::log");
    private static readonly Operator s_log1p = new("aten::log1p");
    private static readonly Operator s_abs = new("aten::abs");
    private static readonly Operator s_sign = new("aten::sign");
    private static readonly Operator s_sin = new("aten::sin");
    private static readonly Operator s_cos = new("aten::cos");
    private static readonly Operator s_floor = new("aten::floor");
    private static readonly Operator s_round = new("aten::round");
    private static readonly Operator s_clamp = new("aten::clamp");
    private static readonly Operator s_maximum = new("aten::maximum");
    private static readonly Operator s_minimum = new("aten::minimum");

    /// <summary>Sum, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor add(Tensor other) => s_addTensor.Call(this, other);

    /// <summary>Sum of every element and a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor add(Scalar other) => s_addScalar.Call(this, other);

    /// <summary>Difference, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor sub(Tensor other) => s_subTensor.Call(this, other);

    /// <summary>Difference of every element and a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor sub(Scalar other) => s_subScalar.Call(this, other);

    /// <summary>Product, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor mul(Tensor other) => s_mulTensor.Call(this, other);

    /// <summary>Product of every element and a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor mul(Scalar other) => s_mulScalar.Call(this, other);

    /// <summary>Quotient, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor div(Tensor other) => s_divTensor.Call(this, other);

    /// <summary>Quotient of every element and a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor div(Scalar other) => s_divScalar.Call(this, other);

    /// <summary>Matrix product; broadcasts over leading dimensions, and takes vectors as in PyTorch.</summary>
    /// <param name="other">Second factor.</param>
    public Tensor matmul(Tensor other) => s_matmul.Call(this, other);

    /// <summary>Product of two matrices [n, k] × [k, m].</summary>
    /// <param name="other">Second factor.</param>
    public Tensor mm(Tensor other) => s_mm.Call(this, other);

    /// <summary>Product of two batches of matrices [b, n, k] × [b, k, m].</summary>
    /// <param name="other">Second factor.</param>
    public Tensor bmm(Tensor other) => s_bmm.Call(this, other);

    /// <summary>Every element to a power.</summary>
    /// <param name="exponent">Exponent.</param>
    public Tensor pow(Scalar exponent) => s_powScalar.Call(this, exponent);

    /// <summary>Square of every element.</summary>
    public Tensor square() => s_square.Call(this);

    /// <summary>Square root of every element.</summary>
    public Tensor sqrt() => s_sqrt.Call(this);

    /// <summary>1/√x of every element.</summary>
    public Tensor rsqrt() => s_rsqrt.Call(this);

    /// <summary>1/x of every element.</summary>
    public Tensor reciprocal() => s_reciprocal.Call(this);

    /// <summary>Negative of every element.</summary>
    public Tensor neg() => s_neg.Call(this);

    /// <summary>eˣ of every element.</summary>
    public Tensor exp() => s_exp.Call(this);

    /// <summary>Natural logarithm of every element.</summary>
    public Tensor log() => s_log.Call(this);

    /// <summary>ln(1 + x) of every element.</summary>
    public Tensor log1p() => s_log1p.Call(this);

    /// <summary>Absolute value of every element.</summary>
    public Tensor abs() => s_abs.Call(this);

    /// <summary>−1, 0 or 1 of every element.</summary>
    public Tensor sign() => s_sign.Call(this);

    /// <summary>Sine of every element, in radians.</summary>
    public Tensor sin() => s_sin.Call(this);

    /// <summary>Cosine of every element, in radians.</summary>
    public Tensor cos() => s_cos.Call(this);

    /// <summary>Largest whole number ≤ x of every element.</summary>
    public Tensor floor() => s_floor.Call(this);

    /// <summary>Nearest whole number of every element; halves to even.</summary>
    public Tensor round() => s_round.Call(this);

    /// <summary>Every element moved into [minimum, maximum].</summary>
    /// <param name="minimum">Lower bound, or none.</param>
    /// <param name="maximum">Upper bound, or none.</param>
    public Tensor clamp(Scalar? minimum = null, Scalar? maximum = null) => s_clamp.Call(this, minimum, maximum);

    /// <summary>Larger of two, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor maximum(Tensor other) => s_maximum.Call(this, other);

    /// <summary>Smaller of two, element by element.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor minimum(Tensor other) => s_minimum.Call(this, other);
}
