using System.Reflection;
using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>The C interface of <c>native/recsys_torch.h</c>. One partial file per C++ file.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = "recsys_torch";

    static NativeMethods() => NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);

    [LibraryImport(Library)]
    private static partial byte* rst_last_error();

    /// <summary>Turns a failed status into a <see cref="TorchException"/>.</summary>
    /// <param name="status">Status of a native call.</param>
    /// <param name="operation">What was called; first word of the message.</param>
    internal static void ThrowIfFailed(int status, string operation)
    {
        if (status != 0)
            throw new TorchException($"{operation}: {Marshal.PtrToStringUTF8((nint)rst_last_error())}");
    }

    // libtorch reads its environment once, while it is loaded: the settings have to be in place before.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library)
            return 0;
        RuntimeSetup.Apply();
        string path = Path.Combine(AppContext.BaseDirectory, "librecsys_torch.so");
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException exception)
        {
            throw new DllNotFoundException(
                $"Cannot load '{path}' or a library it needs: {exception.Message} "
                + "libtorch comes with Debian's libtorch1.13 (built against libtorch-dev), or from the LIBTORCH folder the project was built with.",
                exception);
        }
    }
}
