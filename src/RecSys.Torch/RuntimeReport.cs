namespace RecSys.Torch;

/// <summary>The native libraries of this process.</summary>
/// <param name="LibtorchVersion">Version of libtorch this project was built against.</param>
/// <param name="BlasLibraries">Paths of the loaded BLAS libraries; more than one may mean two thread pools.</param>
/// <param name="OpenBlasCore">Core OpenBLAS chose its kernels for (Zen, SkylakeX…); null when OpenBLAS is not loaded.</param>
/// <param name="ThreadCount">Threads of one operator.</param>
/// <param name="CudaDeviceCount">NVIDIA devices.</param>
public sealed record RuntimeReport(
    string LibtorchVersion, IReadOnlyList<string> BlasLibraries, string? OpenBlasCore, int ThreadCount, int CudaDeviceCount)
{
    /// <summary>The BLAS libraries, with the core: sums depend on it to the last bit, and speed by a factor.</summary>
    public string Blas => string.Join(", ", BlasLibraries) + (OpenBlasCore is null ? "" : $" ({OpenBlasCore})");
}
