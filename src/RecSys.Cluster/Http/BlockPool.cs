using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace RecSys.Cluster.Http;

/// <summary>
/// Pinned blocks for the server's sockets. The server's own are of 4 KiB, so that a request of megabytes is read in a thousand calls of
/// the system; what is larger here is less work for each byte.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockByteCount = 1 << 16;

    // 128 MiB: what many connections at once have in use. Others are pinned garbage, which is collected late, and new ones then add to it.
    private const int MostSpare = 2048;

    private readonly ConcurrentQueue<Block> _spare = [];
    private int _spareCount;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockByteCount;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More than a block is wanted.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockByteCount);
        if (!_spare.TryDequeue(out var block))
            return new Block(this);
        Interlocked.Decrement(ref _spareCount);
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _spare.Clear();
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockByteCount, pinned: true);

        public Memory<byte> Memory => MemoryMarshal.CreateFromPinnedArray(_bytes, 0, _bytes.Length);

        public void Dispose()
        {
            if (Interlocked.Increment(ref pool._spareCount) > MostSpare || pool._isDisposed)
                Interlocked.Decrement(ref pool._spareCount);
            else
                pool._spare.Enqueue(this);
        }
    }
}
