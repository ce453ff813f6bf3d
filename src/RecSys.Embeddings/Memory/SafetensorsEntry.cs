namespace RecSys.Embeddings.Memory;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Name.</param>
/// <param name="DType">Type of the elements: F64, F32, F16, BF16, I64, I32, I8, U8 or BOOL.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Start">First byte, from the start of the file.</param>
/// <param name="ByteCount">Number of bytes.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Start, long ByteCount)
{
    /// <summary>Bytes of one element.</summary>
    /// <param name="dtype">Name of a type.</param>
    /// <exception cref="ArgumentException">The type is unknown.</exception>
    public static int ElementSize(string dtype) => dtype switch
    {
        "F64" or "I64" => 8,
        "F32" or "I32" => 4,
        "BF16" or "F16" => 2,
        "U8" or "I8" or "BOOL" => 1,
        _ => throw new ArgumentException($"Element type '{dtype}' is unknown; valid are F64, F32, F16, BF16, I64, I32, I8, U8, BOOL.", nameof(dtype)),
    };

    /// <summary>Name of the type of a .NET element.</summary>
    /// <typeparam name="T">float, double, long, int, byte, sbyte, bool or Half.</typeparam>
    /// <exception cref="NotSupportedException">The type has no name in the format.</exception>
    public static string TypeName<T>()
        where T : unmanaged => default(T) switch
        {
            float => "F32",
            double => "F64",
            Half => "F16",
            long => "I64",
            int => "I32",
            byte => "U8",
            sbyte => "I8",
            bool => "BOOL",
            _ => throw new NotSupportedException($"{typeof(T)} has no element type in safetensors."),
        };

    /// <summary>Bytes of a tensor.</summary>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="shape">Sizes.</param>
    /// <exception cref="ArgumentException">The type is unknown, or a size is negative.</exception>
    /// <exception cref="OverflowException">The tensor is larger than 2^63 bytes.</exception>
    internal static long CountBytes(string dtype, ReadOnlySpan<long> shape)
    {
        long count = ElementSize(dtype);
        foreach (long size in shape)
        {
            if (size < 0)
                throw new ArgumentException($"A shape has the size {size}; sizes are at least 0.", nameof(shape));
            count = checked(count * size);
        }

        return count;
    }
}
