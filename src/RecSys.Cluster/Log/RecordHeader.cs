using System.Buffers.Binary;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Log;

/// <summary>The 48 bytes in front of the payload of a record; all numbers are little-endian.</summary>
/// <param name="PayloadByteCount">Bytes of the payload without the zeros that pad it to a multiple of 8.</param>
/// <param name="Lsn">Sequence number.</param>
/// <param name="DurableLsn">What was on disk when the record was appended; always below <paramref name="Lsn"/>.</param>
/// <param name="Link">Checksum of the header before, see <see cref="SegmentHeader.Link"/>.</param>
/// <param name="PayloadChecksum">XXH64 of the payload and its padding.</param>
/// <remarks>
/// The header's own checksum is computed over the log's identity, the segment and the offset too, none of which is stored with the
/// record. So a copy of a record at another place, in another segment or another log is not a valid record there.
/// </remarks>
internal readonly record struct RecordHeader(int PayloadByteCount, long Lsn, long DurableLsn, ulong Link, ulong PayloadChecksum)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 48;

    /// <summary>Records begin at multiples of this.</summary>
    public const int Alignment = 8;

    private const int ChecksumOffset = Size - sizeof(ulong);
    private const int SaltSize = 24;

    /// <summary>Bytes of a payload with its padding.</summary>
    public long PaddedByteCount => Padded(PayloadByteCount);

    private static ReadOnlySpan<byte> Magic => "RSWR"u8;

    /// <summary>Rounds up to a multiple of <see cref="Alignment"/>.</summary>
    /// <param name="byteCount">Bytes of a payload.</param>
    public static long Padded(long byteCount) => (byteCount + Alignment - 1) & -Alignment;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    /// <param name="segment">The segment they are from.</param>
    /// <param name="offset">Where they are in the segment.</param>
    /// <param name="header">The header.</param>
    /// <param name="checksum">Its checksum, the link of the next record.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, in SegmentHeader segment, long offset, out RecordHeader header, out ulong checksum)
    {
        header = default;
        checksum = BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumOffset..]);
        if (!bytes.StartsWith(Magic))
            return "no record begins here";
        if (checksum != Checksum(bytes, segment, offset))
            return "the checksum of the record header does not match";
        header = new RecordHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
        return null;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target">At least <see cref="Size"/> bytes.</param>
    /// <param name="segment">The segment it is written to.</param>
    /// <param name="offset">Where in the segment.</param>
    /// <returns>Its checksum, the link of the next record.</returns>
    public ulong Write(Span<byte> target, in SegmentHeader segment, long offset)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], PayloadByteCount);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Lsn);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], DurableLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], Link);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], PayloadChecksum);
        ulong checksum = Checksum(target, segment, offset);
        BinaryPrimitives.WriteUInt64LittleEndian(target[ChecksumOffset..], checksum);
        return checksum;
    }

    private static ulong Checksum(ReadOnlySpan<byte> bytes, in SegmentHeader segment, long offset)
    {
        Span<byte> salted = stackalloc byte[SaltSize + ChecksumOffset];
        BinaryPrimitives.WriteUInt64LittleEndian(salted, segment.LogId);
        BinaryPrimitives.WriteInt64LittleEndian(salted[8..], segment.FirstLsn);
        BinaryPrimitives.WriteInt64LittleEndian(salted[16..], offset);
        bytes[..ChecksumOffset].CopyTo(salted[SaltSize..]);
        return XxHash64.Compute(salted);
    }
}
