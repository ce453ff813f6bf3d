using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;

namespace RecSys.Cluster.Client;

/// <summary>A request to one node, and room for its answer, in buffers that several may share. Reusable.</summary>
internal sealed class NodeRequest
{
    private byte[] _request = [];
    private byte[] _reply = [];
    private int _start;
    private int _byteCount;
    private int _replyStart;
    private int _replyByteCount;
    private int _keysAt;
    private int _blocksAt;

    /// <summary>True when the node has none of the rows.</summary>
    public bool IsEmpty => _byteCount == 0;

    /// <summary>The request.</summary>
    public ReadOnlyMemory<byte> Request => _request.AsMemory(_start, _byteCount);

    /// <summary>Room for the answer.</summary>
    public Memory<byte> Reply => _reply.AsMemory(_replyStart, _replyByteCount);

    /// <summary>Places of the rows in their buckets.</summary>
    public Span<long> Keys => MemoryMarshal.Cast<byte, long>(_request.AsSpan(_start + _keysAt, _blocksAt - _keysAt));

    /// <summary>The blocks of a request that writes.</summary>
    public Span<byte> Blocks => _request.AsSpan(_start + _blocksAt, _byteCount - _blocksAt);

    /// <summary>Starts a request in buffers of its own.</summary>
    /// <param name="header">The header; counts are filled in.</param>
    /// <param name="size">What it holds.</param>
    /// <returns>Room for the entries.</returns>
    public Span<ShardRequest.RawEntry> Begin(ShardRequestHeader header, in Size size)
    {
        Room(ref _request, size.ByteCount);
        Room(ref _reply, size.ReplyByteCount);
        return Begin(header, size, _request, 0, _reply, 0);
    }

    /// <summary>Starts a request.</summary>
    /// <param name="header">The header; counts are filled in.</param>
    /// <param name="size">What it holds; without entries the request is empty.</param>
    /// <param name="request">Receives the request.</param>
    /// <param name="start">Where it begins, a multiple of 8.</param>
    /// <param name="reply">Receives the answer.</param>
    /// <param name="replyStart">Where it begins, a multiple of 4.</param>
    /// <returns>Room for the entries.</returns>
    public Span<ShardRequest.RawEntry> Begin(ShardRequestHeader header, in Size size, byte[] request, int start, byte[] reply, int replyStart)
    {
        _request = request;
        _start = start;
        _byteCount = size.ByteCount;
        _reply = reply;
        _replyStart = replyStart;
        _replyByteCount = size.ReplyByteCount;
        _keysAt = size.KeysAt;
        _blocksAt = size.BlocksAt;
        if (IsEmpty)
            return [];
        header.EntryCount = size.EntryCount;
        header.TotalByteCount = _byteCount;
        MemoryMarshal.Write(_request.AsSpan(start), header);
        return MemoryMarshal.Cast<byte, ShardRequest.RawEntry>(_request.AsSpan(start + ShardRequestHeader.ByteCount, _keysAt - ShardRequestHeader.ByteCount));
    }

    /// <summary>Makes a buffer long enough; what is in it is lost.</summary>
    public static void Room(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, (int)Math.Min(2L * buffer.Length, Array.MaxLength)));
    }

    /// <summary>What a request holds.</summary>
    /// <param name="EntryCount">Entries.</param>
    /// <param name="KeyCount">Rows of all entries.</param>
    /// <param name="BlockByteCount">Bytes of all blocks.</param>
    /// <param name="IsWrite">Whether the blocks are in the request; otherwise they are the answer.</param>
    public readonly record struct Size(int EntryCount, int KeyCount, int BlockByteCount, bool IsWrite)
    {
        /// <summary>Where the keys begin.</summary>
        public int KeysAt => ShardRequestHeader.ByteCount + (EntryCount * ShardRequest.RawEntry.ByteCount);

        /// <summary>Where the blocks begin.</summary>
        public int BlocksAt => checked(KeysAt + (KeyCount * sizeof(long)));

        /// <summary>Bytes of the request; 0 without entries.</summary>
        public int ByteCount => EntryCount == 0 ? 0 : checked(BlocksAt + (IsWrite ? BlockByteCount : 0));

        /// <summary>Bytes of the answer.</summary>
        public int ReplyByteCount => IsWrite ? 0 : BlockByteCount;
    }
}
