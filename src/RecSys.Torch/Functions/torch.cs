using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>Functions of libtorch under PyTorch's names.</summary>
public static partial class torch
{
    /// <summary>32-bit floating-point numbers.</summary>
    public const ScalarType float32 = ScalarType.Float32;

    /// <summary>64-bit floating-point numbers.</summary>
    public const ScalarType float64 = ScalarType.Float64;

    /// <summary>16-bit floating-point numbers with the exponent of fp32.</summary>
    public const ScalarType bfloat16 = ScalarType.BFloat16;

    /// <summary>64-bit whole numbers.</summary>
    public const ScalarType int64 = ScalarType.Int64;

    /// <summary>32-bit whole numbers.</summary>
    public const ScalarType int32 = ScalarType.Int32;

    /// <summary>8-bit unsigned whole numbers.</summary>
    public const ScalarType uint8 = ScalarType.Byte;

    /// <summary>Truth values.</summary>
    public const ScalarType @bool = ScalarType.Bool;

    /// <summary>The processor.</summary>
    public static Device CPU => Device.CPU;

    /// <summary>The current NVIDIA accelerator.</summary>
    public static Device CUDA => Device.CUDA;

    /// <inheritdoc cref="Device.Parse"/>
    public static Device device(string text) => Device.Parse(text);

    /// <summary>True when libtorch was built with CUDA and a device is present.</summary>
    public static bool cuda_is_available() => cuda_device_count() > 0;

    /// <summary>Number of NVIDIA devices that libtorch can use.</summary>
    public static int cuda_device_count() => NativeMethods.rst_cuda_device_count();

    /// <summary>Waits until the current NVIDIA device has done all work given to it.</summary>
    public static void cuda_synchronize() => NativeMethods.ThrowIfFailed(NativeMethods.rst_cuda_synchronize(), "cuda_synchronize");

    /// <summary>Bytes of a GPU that are free, and all of them.</summary>
    /// <param name="device">The GPU.</param>
    /// <exception cref="TorchException">There is no such GPU, or no driver.</exception>
    public static (long Free, long Total) cuda_mem_get_info(Device device)
    {
        NativeMethods.ThrowIfFailed(NativeMethods.rst_cuda_memory(device.Code, out long free, out long total), "cuda_mem_get_info");
        return (free, total);
    }

    /// <summary>Threads that one operator may use.</summary>
    public static int get_num_threads() => NativeMethods.rst_get_num_threads();

    /// <summary>Sets the threads that one operator may use; call it on the thread that runs the operators.</summary>
    /// <param name="count">Number, ≥ 1.</param>
    public static void set_num_threads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        NativeMethods.ThrowIfFailed(NativeMethods.rst_set_num_threads(count), "set_num_threads");
    }
}
