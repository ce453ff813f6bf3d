using System.Buffers;
using System.Collections.Concurrent;

namespace RecSys.Cluster.Http;

/// <summary>
/// Pinned blocks for the server's sockets. The server's own are of 4 KiB, so that a request of megabytes is read in a thousand calls of
/// the system; what is larger here is less work for each byte.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public static readonly int BlockByteCount = int.Parse(Environment.GetEnvironmentVariable("X_BLOCK") ?? "65536");

    // More are left to the garbage collector.
    private const int MostSpare = 64;

    private readonly ConcurrentBag<Block> _spare = [];
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockByteCount;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More than a block is wanted.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockByteCount);
        return _spare.TryTake(out var block) ? block : new Block(this);
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

        public Memory<byte> Memory => System.Runtime.InteropServices.MemoryMarshal.CreateFromPinnedArray(_bytes, 0, _bytes.Length);

        public void Dispose()
        {
            if (!pool._isDisposed && pool._spare.Count < MostSpare)
                pool._spare.Add(this);
        }
    }
}
