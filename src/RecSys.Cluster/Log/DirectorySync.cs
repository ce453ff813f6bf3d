using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RecSys.Cluster.Log;

/// <summary>Makes the names in a directory durable: on Linux a new, renamed or deleted file is certain only after this.</summary>
/// <remarks>On other systems nothing is done: the runtime cannot open a directory there, and file systems order these changes.</remarks>
internal static partial class DirectorySync
{
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Flushes a directory to disk.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="IOException">The system reports a failure.</exception>
    public static void Flush(string directory)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int descriptor = Open(directory, ReadOnlyCloseOnExec);
        if (descriptor < 0)
            throw new IOException($"Directory '{directory}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Creates a directory and those above it that are missing, each durable in the one above.</summary>
    /// <param name="directory">Full path.</param>
    public static void Create(string directory)
    {
        if (Directory.Exists(directory))
            return;
        string? parent = Path.GetDirectoryName(directory);
        if (parent is not null)
            Create(parent);
        Directory.CreateDirectory(directory);
        if (parent is not null)
            Flush(parent);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
