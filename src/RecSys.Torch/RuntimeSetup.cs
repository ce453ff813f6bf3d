using System.Globalization;
using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>
/// Settings that libtorch, OpenBLAS and the C library read once, when they are loaded. They are applied by themselves
/// before the first native call; what the user has set in the environment wins.
/// </summary>
public static class RuntimeSetup
{
    // The largest value that glibc accepts on 64-bit machines.
    private const int MmapThresholdByteCount = 32 << 20;
    private const int TrimThresholdByteCount = 1 << 30;

    private static readonly string[] s_avx512Flags = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"];
    private static readonly Lock s_lock = new();
    private static bool s_isApplied;

    /// <summary>Path of the loaded BLAS library; null before libtorch is loaded, or when it brings its own.</summary>
    public static string? BlasLibrary => BlasLibraries(ReadLines("/proc/self/maps")).FirstOrDefault();

    /// <summary>
    /// Applies the settings; later calls do nothing.
    /// <list type="bullet">
    /// <item>OMP_NUM_THREADS: one thread per core.</item>
    /// <item>OMP_WAIT_POLICY and GOMP_SPINCOUNT: OpenMP threads spin briefly between kernels and then sleep, since .NET threads want the cores too.</item>
    /// <item>OPENBLAS_CORETYPE: kernels for AVX-512 on processors that have it; 0.3.21 does not know newer AMD cores.</item>
    /// <item>MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_, MALLOC_ARENA_MAX: freed blocks stay in one heap of the process, so that a training step does not fault its pages in again.</item>
    /// </list>
    /// </summary>
    public static void Apply()
    {
        lock (s_lock)
        {
            if (s_isApplied)
                return;
            s_isApplied = true;
            SetThreads();
            if (HasAvx512(ReadLines("/proc/cpuinfo")))
                LibC.SetEnvironmentIfUnset("OPENBLAS_CORETYPE", "SkylakeX");
            SetAllocator();
        }
    }

    /// <summary>What is loaded and in force in this process. Loads libtorch.</summary>
    public static RuntimeReport Report()
        => new(
            NativeMethods.LibtorchVersion(),
            BlasLibraries(ReadLines("/proc/self/maps")),
            NativeMethods.OpenBlasCore(),
            torch.get_num_threads(),
            torch.cuda_device_count());

    /// <summary>True when the kernels OpenBLAS calls SkylakeX run on this processor.</summary>
    /// <param name="cpuInfo">Lines of /proc/cpuinfo.</param>
    internal static bool HasAvx512(IEnumerable<string> cpuInfo)
    {
        string? flags = cpuInfo.FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        if (flags is null)
            return false;
        string[] present = flags.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries);
        return s_avx512Flags.All(present.Contains);
    }

    /// <summary>Paths of the loaded BLAS libraries.</summary>
    /// <param name="maps">Lines of /proc/self/maps.</param>
    internal static string[] BlasLibraries(IEnumerable<string> maps)
        => [.. maps
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and int start ? line[start..] : "")
            .Where(path => IsBlas(Path.GetFileName(path)))
            .Distinct(StringComparer.Ordinal)];

    private static void SetThreads()
    {
        LibC.SetEnvironmentIfUnset("OMP_NUM_THREADS", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));
        if (IsSet("OMP_WAIT_POLICY") || IsSet("GOMP_SPINCOUNT"))
            return;
        LibC.SetEnvironmentIfUnset("OMP_WAIT_POLICY", "passive");
        LibC.SetEnvironmentIfUnset("GOMP_SPINCOUNT", "10000");
    }

    // The C library has read its variables long ago, so its settings are changed by call. A value it refuses costs speed only.
    private static void SetAllocator()
    {
        if (!IsSet("MALLOC_MMAP_THRESHOLD_"))
            LibC.SetMmapThreshold(MmapThresholdByteCount);
        if (!IsSet("MALLOC_TRIM_THRESHOLD_"))
            LibC.SetTrimThreshold(TrimThresholdByteCount);

        // The heaps of further arenas are given back to the system whatever the thresholds are.
        if (!IsSet("MALLOC_ARENA_MAX"))
            LibC.SetArenaCount(1);
    }

    private static bool IsSet(string name) => Environment.GetEnvironmentVariable(name) is not null;

    private static bool IsBlas(string fileName)
        => fileName.Contains("blas", StringComparison.Ordinal) || fileName.StartsWith("libmkl", StringComparison.Ordinal);

    private static IEnumerable<string> ReadLines(string path) => File.Exists(path) ? File.ReadLines(path) : [];
}
