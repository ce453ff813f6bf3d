using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;

namespace RecSys.Cluster.Client;

/// <summary>The bytes of a request to one node, and room for its answer. Reusable.</summary>
internal sealed class NodeRequest
{
    private byte[] _request = [];
    private byte[] _reply = [];
    private int _byteCount;
    private int _replyByteCount;
    private int _keysAt;
    private int _blocksAt;

    /// <summary>True when the node has none of the rows.</summary>
    public bool IsEmpty => _byteCount == 0;

    /// <summary>The request.</summary>
    public ReadOnlyMemory<byte> Request => _request.AsMemory(0, _byteCount);

    /// <summary>Room for the answer.</summary>
    public Memory<byte> Reply => _reply.AsMemory(0, _replyByteCount);

    /// <summary>The answer as numbers.</summary>
    public ReadOnlySpan<float> Values => MemoryMarshal.Cast<byte, float>(Reply.Span);

    /// <summary>Places of the rows in their buckets.</summary>
    public Span<long> Keys => MemoryMarshal.Cast<byte, long>(_request.AsSpan(_keysAt, _blocksAt - _keysAt));

    /// <summary>The blocks of a request that writes.</summary>
    public Span<byte> Blocks => _request.AsSpan(_blocksAt, _byteCount - _blocksAt);

    /// <summary>Starts a request.</summary>
    /// <param name="header">The header; counts are filled in.</param>
    /// <param name="entryCount">Entries; without any the request is empty.</param>
    /// <param name="keyCount">Rows of all entries.</param>
    /// <param name="blockByteCount">Bytes of all blocks.</param>
    /// <param name="isWrite">Whether the blocks are in the request; otherwise they are the answer.</param>
    /// <returns>Room for the entries.</returns>
    public Span<ShardRequest.RawEntry> Begin(ShardRequestHeader header, int entryCount, int keyCount, int blockByteCount, bool isWrite)
    {
        _keysAt = ShardRequestHeader.ByteCount + (entryCount * ShardRequest.RawEntry.ByteCount);
        _blocksAt = checked(_keysAt + (keyCount * sizeof(long)));
        _byteCount = entryCount == 0 ? 0 : checked(_blocksAt + (isWrite ? blockByteCount : 0));
        _replyByteCount = isWrite ? 0 : blockByteCount;
        Room(ref _request, Math.Max(_byteCount, _blocksAt));
        Room(ref _reply, _replyByteCount);
        header.EntryCount = entryCount;
        header.TotalByteCount = _byteCount;
        MemoryMarshal.Write(_request, header);
        return MemoryMarshal.Cast<byte, ShardRequest.RawEntry>(_request.AsSpan(ShardRequestHeader.ByteCount, _keysAt - ShardRequestHeader.ByteCount));
    }

    private static void Room(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, (int)Math.Min(2L * buffer.Length, Array.MaxLength)));
    }
}
