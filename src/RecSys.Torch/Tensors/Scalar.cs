using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>A number of any type, as the second operand of an operator; made by the implicit conversions.</summary>
public readonly record struct Scalar
{
    private Scalar(ValueKind kind, long bits)
    {
        Kind = kind;
        Bits = bits;
    }

    internal ValueKind Kind { get; }

    internal long Bits { get; }

    /// <summary>A whole number; it does not turn an integer tensor into a floating one.</summary>
    public static implicit operator Scalar(long value) => new(ValueKind.Int, value);

    /// <summary>A whole number; it does not turn an integer tensor into a floating one.</summary>
    public static implicit operator Scalar(int value) => new(ValueKind.Int, value);

    /// <summary>A number.</summary>
    public static implicit operator Scalar(double value) => new(ValueKind.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A number.</summary>
    public static implicit operator Scalar(float value) => (double)value;

    /// <summary>A truth value.</summary>
    public static implicit operator Scalar(bool value) => new(ValueKind.Bool, value ? 1 : 0);
}
