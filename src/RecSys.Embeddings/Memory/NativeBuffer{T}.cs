namespace RecSys.Embeddings.Memory;

/// <summary>
/// Native memory of one owner: aligned to 64 bytes (large buffers to 2 MiB, with huge pages asked for), zero until written,
/// more than 2^31 elements possible. Pages that are never touched take no memory.
/// </summary>
/// <typeparam name="T">Element type.</typeparam>
/// <remarks>Thread-safe for access to different elements; <see cref="Dispose"/> must not race with access.</remarks>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly T* _data;
    private readonly nuint _byteCount;
    private bool _isDisposed;

    /// <summary>Reserves memory.</summary>
    /// <param name="length">Number of elements, ≥ 0.</param>
    /// <exception cref="OutOfMemoryException">The system has not enough memory.</exception>
    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _byteCount = checked((nuint)length * (nuint)sizeof(T));
        _data = (T*)NativePages.Allocate(_byteCount);
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Number of bytes.</summary>
    public long ByteCount => (long)_byteCount;

    /// <summary>First element.</summary>
    internal T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _data;
        }
    }

    /// <summary>A part of the buffer.</summary>
    /// <param name="start">First element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the buffer.</exception>
    public Span<T> Span(long start, int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length);
        return new Span<T>(_data + start, length);
    }

    /// <summary>A part of the buffer as bytes.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the buffer.</exception>
    public Span<byte> Bytes(long start, int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, (long)_byteCount - length);
        return new Span<byte>((byte*)_data + start, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        NativePages.Free(_data, _byteCount);
    }
}
