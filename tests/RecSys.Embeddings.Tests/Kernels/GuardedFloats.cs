using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>Floats that end right before a page that must not be touched: a read or write past the end ends the process.</summary>
internal sealed unsafe partial class GuardedFloats : IDisposable
{
    private const int PageSize = 4096;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private readonly byte* _memory;
    private readonly nuint _size;
    private readonly int _length;

    public GuardedFloats(int length)
    {
        _length = length;
        int bytes = ((length * sizeof(float)) + PageSize - 1) / PageSize * PageSize;
        _size = (nuint)(bytes + PageSize);
        _memory = (byte*)Map(null, _size, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, (nint)_memory);
        Assert.Equal(0, Protect(_memory + bytes, PageSize, 0));
        Start = (float*)(_memory + bytes) - length;
    }

    public Span<float> Span => new(Start, _length);

    private float* Start { get; }

    public static GuardedFloats From(ReadOnlySpan<float> values)
    {
        var buffer = new GuardedFloats(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }

    public void Dispose() => _ = Unmap(_memory, _size);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
