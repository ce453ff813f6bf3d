using System.Globalization;
using RecSys.Torch.Interop;

namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_toDevice = new("aten::to.device");
    private static readonly Operator s_toDtype = new("aten::to.dtype");
    private static readonly Operator s_clone = new("aten::clone");
    private static readonly Operator s_contiguous = new("aten::contiguous");

    /// <summary>The elements of a contiguous CPU tensor, to read or write without a copy. Valid while the tensor lives.</summary>
    /// <typeparam name="T">
    /// The type of the elements: float, double, long, int, bool, byte; ushort for the bits of bfloat16; byte also for the
    /// raw bytes of any type.
    /// </typeparam>
    /// <exception cref="InvalidOperationException">The type does not fit.</exception>
    /// <exception cref="TorchException">Not contiguous, or not on the CPU.</exception>
    public Span<T> Data<T>()
        where T : unmanaged
    {
        if (typeof(T) != typeof(byte) && typeof(T) != ElementType(dtype))
            throw new InvalidOperationException($"The elements are {dtype}, not {typeof(T).Name}; convert with to(dtype) first.");
        return Handle.Elements<T>();
    }

    /// <summary>The elements in row-major order, copied, from any device.</summary>
    /// <typeparam name="T">As for <see cref="Data{T}"/>.</typeparam>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        using Tensor host = s_toDevice.Call(this, Device.CPU, dtype);
        using Tensor dense = s_contiguous.Call(host);
        return dense.Data<T>().ToArray();
    }

    /// <summary>The only element. Waits for the device.</summary>
    /// <typeparam name="T">float or double for floating types; long or int for whole numbers; bool.</typeparam>
    /// <exception cref="InvalidOperationException">The type does not fit.</exception>
    /// <exception cref="TorchException">There is not exactly one element.</exception>
    public T item<T>()
        where T : unmanaged
    {
        NativeValue value = Handle.Item();
        object? result = (value.Kind, typeof(T)) switch
        {
            (ValueKind.Double, var t) when t == typeof(float) => (float)value.Number,
            (ValueKind.Double, var t) when t == typeof(double) => value.Number,
            (ValueKind.Int, var t) when t == typeof(long) => value.Integer,
            (ValueKind.Int, var t) when t == typeof(int) => checked((int)value.Integer),
            (ValueKind.Bool, var t) when t == typeof(bool) => value.Integer != 0,
            _ => null,
        };
        return result is T item
            ? item
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The element is {dtype}, not {typeof(T).Name}."));
    }

    /// <summary>The elements as another type; the tensor itself (a second handle) when the type is the same.</summary>
    /// <param name="type">Type.</param>
    public Tensor to(ScalarType type) => s_toDtype.Call(this, type);

    // Nobody waits for what a device is still to receive: when the call returns, the driver has read pageable memory, which all of ours is.
    /// <summary>The elements on another device; the tensor itself (a second handle) when the device is the same.</summary>
    /// <param name="target">Device.</param>
    public Tensor to(Device target) => s_toDevice.Call(this, target, dtype, target.Type != DeviceType.CPU);

    /// <summary>The elements on the CPU.</summary>
    public Tensor cpu() => to(Device.CPU);

    /// <summary>A copy with its own memory; gradients flow through it.</summary>
    public Tensor clone() => s_clone.Call(this);

    /// <summary>The tensor with its elements one after the other; a second handle when they are already.</summary>
    public Tensor contiguous() => s_contiguous.Call(this);

    private static Type ElementType(ScalarType type) => type switch
    {
        ScalarType.Byte => typeof(byte),
        ScalarType.Int32 => typeof(int),
        ScalarType.Int64 => typeof(long),
        ScalarType.Float32 => typeof(float),
        ScalarType.Float64 => typeof(double),
        ScalarType.Bool => typeof(bool),
        ScalarType.BFloat16 => typeof(ushort),
        _ => throw new InvalidOperationException($"Elements of type {type} cannot be read."),
    };
}
