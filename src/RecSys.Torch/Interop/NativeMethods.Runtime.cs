using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/runtime.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rst_manual_seed(ulong seed);

    [LibraryImport(Library)]
    internal static partial int rst_get_rng_state(int device, out nint state);

    [LibraryImport(Library)]
    internal static partial int rst_set_rng_state(int device, nint state);

    [LibraryImport(Library)]
    internal static partial int rst_get_num_threads();

    [LibraryImport(Library)]
    internal static partial int rst_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int rst_cuda_device_count();

    [LibraryImport(Library)]
    internal static partial int rst_cuda_synchronize();

    [LibraryImport(Library)]
    internal static partial int rst_cuda_memory(int device, out long free, out long total);

    [LibraryImport(Library)]
    private static partial byte* rst_libtorch_version();

    [LibraryImport(Library)]
    private static partial byte* rst_openblas_core();

    [LibraryImport(Library)]
    private static partial void rst_large_block_counts(long* used, long* kept, long* peak);

    internal static string LibtorchVersion() => Marshal.PtrToStringUTF8((nint)rst_libtorch_version())!;

    internal static string? OpenBlasCore() => Marshal.PtrToStringUTF8((nint)rst_openblas_core());

    /// <summary>Bytes of very large CPU tensors.</summary>
    internal static (long Used, long Kept, long Peak) LargeBlocks()
    {
        long used, kept, peak;
        rst_large_block_counts(&used, &kept, &peak);
        return (used, kept, peak);
    }
}
