using System.Buffers;

namespace RecSys.Serving.Http;

/// <summary>The bytes of a request in a pooled array.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly RequestGate _gate;
    private byte[] _bytes;
    private int _length;

    /// <summary>Makes room.</summary>
    /// <param name="gate">Counts the bytes of all requests.</param>
    /// <param name="byteCount">Bytes that are expected.</param>
    public RequestBody(RequestGate gate, int byteCount)
    {
        _gate = gate;
        _bytes = ArrayPool<byte>.Shared.Rent(byteCount);
        _gate.Add(_bytes.Length);
    }

    /// <summary>What has been read.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Reads to the end of a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="maxBytes">Most bytes.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">There are more.</exception>
    public async Task ReadAsync(Stream stream, long maxBytes, CancellationToken cancellation)
    {
        while (true)
        {
            if (_length == _bytes.Length)
                Grow();
            int count = await stream.ReadAsync(_bytes.AsMemory(_length), cancellation).ConfigureAwait(false);
            if (count == 0)
                return;
            _length += count;
            if (_length > maxBytes)
                throw RequestGate.TooLarge(maxBytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gate.Add(-_bytes.Length);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private void Grow()
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(2 * _bytes.Length);
        _bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_bytes);
        _gate.Add(larger.Length - _bytes.Length);
        _bytes = larger;
    }
}
