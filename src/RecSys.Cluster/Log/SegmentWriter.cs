using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Log;

/// <summary>Appends records to a segment file. Bytes that are written are never changed.</summary>
/// <remarks>One thread writes; another may flush at the same time.</remarks>
internal sealed class SegmentWriter : IDisposable
{
    /// <summary>Added to the name of a file that is not complete yet.</summary>
    public const string TemporaryExtension = ".tmp";

    // Records up to this size go out in one call; the pages that hold a larger one are not worth copying.
    private const int BufferSize = 64 << 10;

    private readonly SafeFileHandle _file;
    private readonly SegmentHeader _header;
    private readonly WriteAheadLogOptions _options;
    private readonly byte[] _buffer = new byte[BufferSize];

    private SegmentWriter(string path, SafeFileHandle file, SegmentHeader header, long offset, ulong link, WriteAheadLogOptions options)
    {
        Debug.Assert(offset % RecordHeader.Alignment == 0, "Records are aligned.");
        Path = path;
        _file = file;
        _header = header;
        Offset = offset;
        Link = link;
        _options = options;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Where the next record begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Checksum of the header of the last record, see <see cref="SegmentHeader.Link"/>.</summary>
    public ulong Link { get; private set; }

    /// <summary>Creates a segment without records. It appears under its name whole and durable, or not at all.</summary>
    /// <param name="directory">Directory of the log.</param>
    /// <param name="header">Its header.</param>
    /// <param name="options">Settings of the log.</param>
    public static SegmentWriter Create(string directory, SegmentHeader header, WriteAheadLogOptions options)
    {
        options.Probe?.Invoke(LogOperation.CreateSegment);
        string path = LogSegment.PathOf(directory, header.FirstLsn);
        SafeFileHandle file = Open(path + TemporaryExtension, FileMode.Create);
        try
        {
            Span<byte> bytes = stackalloc byte[SegmentHeader.Size];
            header.Write(bytes);
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
            Debug.Assert(!File.Exists(path), "A segment is created once.");
            File.Move(path + TemporaryExtension, path, overwrite: true);
            DirectorySync.Flush(directory);
            return new SegmentWriter(path, file, header, SegmentHeader.Size, header.Link, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens the last segment of a log that was checked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="offset">End of its last valid record.</param>
    /// <param name="link">Checksum of the header of that record.</param>
    /// <param name="options">Settings of the log.</param>
    public static SegmentWriter Continue(string path, SegmentHeader header, long offset, ulong link, WriteAheadLogOptions options) =>
        new(path, Open(path, FileMode.Open), header, offset, link, options);

    /// <summary>True when a record belongs into this segment and not into a new one.</summary>
    /// <param name="payloadByteCount">Bytes of its payload.</param>
    public bool HasRoomFor(long payloadByteCount) =>
        Offset == SegmentHeader.Size || Offset + RecordHeader.Size + RecordHeader.Padded(payloadByteCount) <= _options.SegmentByteCount;

    /// <summary>Appends a record. After an exception the segment must not be written any more.</summary>
    /// <param name="lsn">Its sequence number.</param>
    /// <param name="durableLsn">What is on disk now.</param>
    /// <param name="head">First part of the payload.</param>
    /// <param name="body">Second part of the payload.</param>
    public void Write(long lsn, long durableLsn, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        Debug.Assert(durableLsn < lsn, "A record is not durable before it is written.");
        _options.Probe?.Invoke(LogOperation.WriteRecord);
        int payloadByteCount = head.Length + body.Length;
        Span<byte> zeros = stackalloc byte[RecordHeader.Alignment];
        ReadOnlySpan<byte> padding = zeros[..(int)(RecordHeader.Padded(payloadByteCount) - payloadByteCount)];
        var checksum = new XxHash64();
        checksum.Append(head);
        checksum.Append(body);
        checksum.Append(padding);
        var header = new RecordHeader(payloadByteCount, lsn, durableLsn, Link, checksum.Hash);
        ulong link = header.Write(_buffer, _header, Offset);

        long end = Put(_buffer.AsSpan(0, RecordHeader.Size), head, body, padding);
        Debug.Assert(end == Offset + RecordHeader.Size + header.PaddedByteCount, "A record is written whole.");
        (Offset, Link) = (end, link);
    }

    /// <summary>Writes bytes again that the file already holds.</summary>
    /// <param name="offset">Where they begin; they end with the last record.</param>
    /// <remarks>
    /// A system that failed to write pages may keep them in memory as if they were written. Bytes found there by a later process are
    /// not certain to be on disk, even after a flush that succeeds, unless they are written once more.
    /// </remarks>
    public void Rewrite(long offset)
    {
        while (offset < Offset)
        {
            Span<byte> bytes = _buffer.AsSpan(0, (int)Math.Min(BufferSize, Offset - offset));
            int count = RandomAccess.Read(_file, bytes, offset);
            if (count == 0)
                throw new IOException($"{Path} became shorter while it was read.");
            RandomAccess.Write(_file, bytes[..count], offset);
            offset += count;
        }
    }

    /// <summary>Removes what follows the last record.</summary>
    public void Cut() => RandomAccess.SetLength(_file, Offset);

    /// <summary>Returns when all that was written is on disk.</summary>
    public void Flush()
    {
        _options.Probe?.Invoke(LogOperation.FlushSegment);
        RandomAccess.FlushToDisk(_file);
    }

    /// <summary>Closes the file without flushing it.</summary>
    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private long Put(ReadOnlySpan<byte> header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, ReadOnlySpan<byte> padding)
    {
        int total = header.Length + head.Length + body.Length + padding.Length;
        if (total <= BufferSize)
        {
            // The header is already at the beginning of the buffer.
            Span<byte> rest = _buffer.AsSpan(header.Length);
            head.CopyTo(rest);
            body.CopyTo(rest[head.Length..]);
            padding.CopyTo(rest[(head.Length + body.Length)..]);
            return Put(Offset, _buffer.AsSpan(0, total));
        }

        return Put(Put(Put(Put(Offset, header), head), body), padding);
    }

    private long Put(long offset, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, offset);
        return offset + bytes.Length;
    }
}
