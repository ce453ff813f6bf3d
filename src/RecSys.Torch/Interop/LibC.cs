using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Settings of the C library that have to be made before libtorch is loaded.</summary>
internal static partial class LibC
{
    private const string Library = "libc";
    private const int MmapThreshold = -3;
    private const int TrimThreshold = -1;
    private const int ArenaMax = -8;

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport(Library)]
    private static partial int mallopt(int parameter, int value);

    /// <summary>Sets a variable in the environment that native code sees, unless it is set already.</summary>
    internal static void SetEnvironmentIfUnset(string name, string value)
    {
        if (setenv(name, value, overwrite: 0) != 0)
            throw new InvalidOperationException($"setenv({name}) failed with error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Blocks below this size come from the heap instead of a mapping of their own. False when the C library refuses.</summary>
    internal static bool SetMmapThreshold(int byteCount) => mallopt(MmapThreshold, byteCount) != 0;

    /// <summary>The heap keeps this many free bytes at its end before it returns memory to the system.</summary>
    internal static bool SetTrimThreshold(int byteCount) => mallopt(TrimThreshold, byteCount) != 0;

    /// <summary>Number of heaps that threads share.</summary>
    internal static bool SetArenaCount(int count) => mallopt(ArenaMax, count) != 0;
}
