using System.Buffers.Binary;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Log;

/// <summary>The first 64 bytes of a segment file; all numbers are little-endian.</summary>
/// <param name="LogId">Identity of the log, drawn when it was created.</param>
/// <param name="FirstLsn">Sequence number of the segment's first record; the file is named after it.</param>
/// <param name="Link"><see cref="RecordHeader"/> checksum of the record before <paramref name="FirstLsn"/>, 0 for the first record of a log.</param>
internal readonly record struct SegmentHeader(ulong LogId, long FirstLsn, ulong Link)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 64;

    /// <summary>Version of the format.</summary>
    public const uint Version = 1;

    private const int ChecksumOffset = Size - sizeof(ulong);

    private static ReadOnlySpan<byte> Magic => "RSWALSEG"u8;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The beginning of a file.</param>
    /// <param name="header">The header.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out SegmentHeader header)
    {
        header = default;
        if (bytes.Length < Size)
            return $"the file ends after {bytes.Length} of the {Size} bytes of its header";
        if (!bytes.StartsWith(Magic))
            return "it is not a segment of a log";
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
            return $"its format version is {version}; this program reads {Version}";
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumOffset..]) != XxHash64.Compute(bytes[..ChecksumOffset]))
            return "the checksum of the file header does not match";
        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
        return null;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target"><see cref="Size"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        target[..Size].Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], LogId);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], FirstLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Link);
        BinaryPrimitives.WriteUInt64LittleEndian(target[ChecksumOffset..], XxHash64.Compute(target[..ChecksumOffset]));
    }
}
