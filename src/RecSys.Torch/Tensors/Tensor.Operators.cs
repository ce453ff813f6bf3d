namespace RecSys.Torch;

public sealed partial class Tensor
{
    /// <inheritdoc cref="add(Tensor)"/>
    public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

    /// <inheritdoc cref="add(Scalar)"/>
    public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

    /// <summary>Sum of a number and every element.</summary>
    public static Tensor operator +(Scalar left, Tensor right) => right.add(left);

    /// <inheritdoc cref="sub(Tensor)"/>
    public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

    /// <inheritdoc cref="sub(Scalar)"/>
    public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

    /// <summary>Difference of a number and every element.</summary>
    public static Tensor operator -(Scalar left, Tensor right) => s_rsubScalar.Call(right, left);

    /// <inheritdoc cref="mul(Tensor)"/>
    public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

    /// <inheritdoc cref="mul(Scalar)"/>
    public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

    /// <summary>Product of a number and every element.</summary>
    public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

    /// <inheritdoc cref="div(Tensor)"/>
    public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

    /// <inheritdoc cref="div(Scalar)"/>
    public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

    /// <summary>Quotient of a number and every element.</summary>
    public static Tensor operator /(Scalar left, Tensor right)
    {
        using Tensor inverse = right.reciprocal();
        return inverse.mul(left);
    }

    /// <inheritdoc cref="neg()"/>
    public static Tensor operator -(Tensor tensor) => tensor.neg();
}
