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

    public override unsafe string ToString()
    {
        if (_length > InlineLength)
            return Encoding.UTF8.GetString((byte*)_pointer, (int)_length);

        ReadOnlySpan<byte> self = MemoryMarshal.AsBytes(new ReadOnlySpan<DuckString>(in this));
        return Encoding.UTF8.GetString(self.Slice(Unsafe.SizeOf<uint>(), (int)_length));
    }
}
