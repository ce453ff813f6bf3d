using System.Runtime.InteropServices;
using RecSys.Torch.Interop;

namespace RecSys.Torch;

public static partial class torch
{
    private static readonly Operator s_empty = new("aten::empty.memory_format");
    private static readonly Operator s_zeros = new("aten::zeros");
    private static readonly Operator s_ones = new("aten::ones");
    private static readonly Operator s_full = new("aten::full");
    private static readonly Operator s_arange = new("aten::arange.start_step");
    private static readonly Operator s_eye = new("aten::eye");
    private static readonly Operator s_zerosLike = new("aten::zeros_like");
    private static readonly Operator s_onesLike = new("aten::ones_like");
    private static readonly Operator s_emptyLike = new("aten::empty_like");
    private static readonly Operator s_triuIndices = new("aten::triu_indices");
    private static readonly Operator s_trilIndices = new("aten::tril_indices");

    /// <summary>A tensor with a copy of the data.</summary>
    /// <param name="data">Elements in row-major order.</param>
    /// <param name="shape">Sizes; one dimension when absent.</param>
    /// <param name="device">Device; the processor when absent.</param>
    /// <exception cref="ArgumentException">The number of elements is not the product of the sizes.</exception>
    public static Tensor tensor(ReadOnlySpan<float> data, long[]? shape = null, Device? device = null)
        => FromData(data, shape, float32, device);

    /// <inheritdoc cref="tensor(ReadOnlySpan{float}, long[], Device?)"/>
    public static Tensor tensor(ReadOnlySpan<double> data, long[]? shape = null, Device? device = null)
        => FromData(data, shape, float64, device);

    /// <inheritdoc cref="tensor(ReadOnlySpan{float}, long[], Device?)"/>
    public static Tensor tensor(ReadOnlySpan<long> data, long[]? shape = null, Device? device = null)
        => FromData(data, shape, int64, device);

    /// <inheritdoc cref="tensor(ReadOnlySpan{float}, long[], Device?)"/>
    public static Tensor tensor(ReadOnlySpan<int> data, long[]? shape = null, Device? device = null)
        => FromData(data, shape, int32, device);

    /// <inheritdoc cref="tensor(ReadOnlySpan{float}, long[], Device?)"/>
    public static Tensor tensor(ReadOnlySpan<bool> data, long[]? shape = null, Device? device = null)
        => FromData(data, shape, @bool, device);

    /// <summary>A tensor with a copy of bytes: elements of uint8, or the raw memory of another type.</summary>
    /// <param name="data">Bytes in row-major order of the elements.</param>
    /// <param name="shape">Sizes; one dimension when absent.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    /// <exception cref="ArgumentException">The number of bytes does not fit the sizes.</exception>
    public static Tensor tensor(ReadOnlySpan<byte> data, long[]? shape = null, ScalarType dtype = uint8, Device? device = null)
        => FromData(data, shape, dtype, device);

    /// <summary>A tensor whose elements are not set.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor empty(long[] shape, ScalarType dtype = float32, Device? device = null)
        => s_empty.Call(shape, dtype, Argument.None, device);

    /// <summary>A tensor of zeros.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor zeros(long[] shape, ScalarType dtype = float32, Device? device = null)
        => s_zeros.Call(shape, dtype, Argument.None, device);

    /// <summary>A tensor of ones.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor ones(long[] shape, ScalarType dtype = float32, Device? device = null)
        => s_ones.Call(shape, dtype, Argument.None, device);

    /// <summary>A tensor of one number.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="value">Number.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor full(long[] shape, Scalar value, ScalarType dtype = float32, Device? device = null)
        => s_full.Call(shape, value, dtype, Argument.None, device);

    /// <summary>The whole numbers start, start + step, … below stop.</summary>
    /// <param name="start">First.</param>
    /// <param name="stop">End, excluded.</param>
    /// <param name="step">Step.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor arange(Scalar start, Scalar stop, Scalar? step = null, ScalarType dtype = int64, Device? device = null)
        => s_arange.Call(start, stop, step ?? 1, dtype, Argument.None, device);

    /// <summary>The whole numbers 0, 1, … below stop.</summary>
    /// <param name="stop">End, excluded.</param>
    public static Tensor arange(Scalar stop) => arange(0, stop);

    /// <summary>The unit matrix.</summary>
    /// <param name="size">Rows and columns.</param>
    /// <param name="dtype">Type of the elements.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor eye(long size, ScalarType dtype = float32, Device? device = null)
        => s_eye.Call(size, dtype, Argument.None, device);

    /// <summary>Zeros of the shape, type and device of another tensor.</summary>
    /// <param name="like">The other tensor.</param>
    public static Tensor zeros_like(Tensor like) => s_zerosLike.Call(like);

    /// <summary>Ones of the shape, type and device of another tensor.</summary>
    /// <param name="like">The other tensor.</param>
    public static Tensor ones_like(Tensor like) => s_onesLike.Call(like);

    /// <summary>A tensor of the shape, type and device of another one; the elements are not set.</summary>
    /// <param name="like">The other tensor.</param>
    public static Tensor empty_like(Tensor like) => s_emptyLike.Call(like);

    /// <summary>Row and column of every element of a matrix on and above a diagonal, [2, count].</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="offset">0 is the main diagonal; 1 the one above.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor triu_indices(long rows, long columns, long offset = 0, Device? device = null)
        => s_triuIndices.Call(rows, columns, offset, int64, Argument.None, device);

    /// <summary>Row and column of every element of a matrix on and below a diagonal, [2, count].</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="offset">0 is the main diagonal; −1 the one below.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor tril_indices(long rows, long columns, long offset = 0, Device? device = null)
        => s_trilIndices.Call(rows, columns, offset, int64, Argument.None, device);

    private static Tensor FromData<T>(ReadOnlySpan<T> data, long[]? shape, ScalarType dtype, Device? device)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(data);
        shape ??= [bytes.Length / ByteCount(dtype)];
        long expected = ByteCount(dtype);
        foreach (long size in shape)
            expected = checked(expected * size);
        if (expected != bytes.Length)
            throw new ArgumentException($"{bytes.Length} bytes were given for shape [{string.Join(", ", shape)}] of {dtype}, which has {expected}.");
        Tensor host = new(TensorHandle.Create(bytes, shape, dtype));
        if (device is not { Type: not DeviceType.CPU } target)
            return host;
        using (host)
            return host.to(target);
    }

    private static int ByteCount(ScalarType dtype) => dtype switch
    {
        ScalarType.Byte or ScalarType.Bool => 1,
        ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        _ => 8,
    };
}
