using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace RecSys.Data.Interop;

/// <summary><c>duckdb_string_t</c>: up to 12 bytes inline, longer ones behind a pointer.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly struct DuckString
{
    private const int InlineLength = 12;

    private readonly uint _length;
    private readonly uint _prefix;
    private readonly nint _pointer;

    /// <summary>The text in UTF-8, where it lies.</summary>
    [UnscopedRef]
    public unsafe ReadOnlySpan<byte> Utf8 => _length > InlineLength
        ? new ReadOnlySpan<byte>((void*)_pointer, (int)_length)
        : MemoryMarshal.AsBytes(new ReadOnlySpan<DuckString>(in this)).Slice(Unsafe.SizeOf<uint>(), (int)_length);

    public override string ToString() => Encoding.UTF8.GetString(Utf8);
}
