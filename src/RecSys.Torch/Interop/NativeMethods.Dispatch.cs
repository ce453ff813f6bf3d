using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/dispatch.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rst_operator_find(string name, string overload, out nint result);

    [LibraryImport(Library)]
    internal static partial int rst_operator_call(
        nint op, NativeValue* arguments, int argumentCount, NativeValue* results, int capacity, out int resultCount);
}
