using System.Text;
using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>
/// A value handed to an <see cref="Operator"/>. Made by the implicit conversions; a value that an operator takes as optional
/// is <see cref="None"/> when absent. Lists are not copied: they must not change during the call.
/// </summary>
public readonly record struct Argument
{
    private Argument(ValueKind kind, long bits = 0, object? reference = null, int count = 0, int wordCount = 0)
    {
        Kind = kind;
        Bits = bits;
        Reference = reference;
        Count = count;
        WordCount = wordCount;
    }

    /// <summary>No value.</summary>
    public static Argument None => default;

    internal ValueKind Kind { get; }

    internal long Bits { get; }

    internal object? Reference { get; }

    /// <summary>Elements of a list, bytes of a text.</summary>
    internal int Count { get; }

    /// <summary>8-byte words that a list or text takes up in the call.</summary>
    internal int WordCount { get; }

    /// <summary>A tensor, or none.</summary>
    public static implicit operator Argument(Tensor? tensor) => tensor is null ? None : new(ValueKind.Tensor, 0, tensor);

    /// <summary>A whole number.</summary>
    public static implicit operator Argument(long value) => new(ValueKind.Int, value);

    /// <summary>A whole number, or none.</summary>
    public static implicit operator Argument(long? value) => value is { } v ? v : None;

    /// <summary>A number.</summary>
    public static implicit operator Argument(double value) => new(ValueKind.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A truth value.</summary>
    public static implicit operator Argument(bool value) => new(ValueKind.Bool, value ? 1 : 0);

    /// <summary>A number of any type.</summary>
    public static implicit operator Argument(Scalar value) => new(value.Kind, value.Bits);

    /// <summary>A number of any type, or none.</summary>
    public static implicit operator Argument(Scalar? value) => value is { } v ? v : None;

    /// <summary>A data type.</summary>
    public static implicit operator Argument(ScalarType value) => new(ValueKind.Int, (long)value);

    /// <summary>A data type, or none.</summary>
    public static implicit operator Argument(ScalarType? value) => value is { } v ? v : None;

    /// <summary>A device.</summary>
    public static implicit operator Argument(Device value) => new(ValueKind.Device, value.Code);

    /// <summary>A device, or none.</summary>
    public static implicit operator Argument(Device? value) => value is { } v ? v : None;

    /// <summary>A text.</summary>
    public static implicit operator Argument(string text)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        return new(ValueKind.String, 0, text, count, (count + 7) / 8);
    }

    /// <summary>Whole numbers (a shape, dimensions), or none.</summary>
    public static implicit operator Argument(long[]? values)
        => values is null ? None : new(ValueKind.Ints, 0, values, values.Length, values.Length);

    /// <summary>Numbers.</summary>
    public static implicit operator Argument(double[] values) => new(ValueKind.Doubles, 0, values, values.Length, values.Length);

    /// <summary>Tensors.</summary>
    public static implicit operator Argument(Tensor[] tensors) => List(tensors);

    /// <summary>Tensors, for an operator that takes a list of tensors.</summary>
    public static Argument List(IReadOnlyList<Tensor> tensors)
        => new(ValueKind.Tensors, 0, tensors, tensors.Count, tensors.Count);

    /// <summary>Tensors or none, for an operator that takes a list of optional tensors (indexing).</summary>
    public static Argument OptionalList(IReadOnlyList<Tensor?> tensors)
        => new(ValueKind.OptionalTensors, 0, tensors, tensors.Count, tensors.Count);

    /// <summary>Numbers, for an operator that takes a list of scalars (one per tensor of a list).</summary>
    public static Argument Scalars(double[] values) => new(ValueKind.Scalars, 0, values, values.Length, values.Length);
}
