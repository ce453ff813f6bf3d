using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Layout of <c>rst_value</c>: a tagged argument or result.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeValue
{
    [FieldOffset(0)]
    internal ValueKind Kind;

    [FieldOffset(4)]
    internal int Count;

    [FieldOffset(8)]
    internal long Integer;

    [FieldOffset(8)]
    internal double Number;

    [FieldOffset(8)]
    internal nint Pointer;
}
