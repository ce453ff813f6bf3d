using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Log;

/// <summary>Reads and checks the records of a segment file, in order, through one buffer as large as the largest record.</summary>
internal sealed class SegmentReader : IDisposable
{
    private const int ReadSize = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly SegmentHeader _header;
    private readonly int _maxPayload;
    private readonly long _length;
    private byte[] _window;
    private long _windowOffset;
    private int _windowLength;
    private RecordHeader _record;

    /// <summary>Opens a segment and checks its header.</summary>
    /// <param name="segment">The file; bytes beyond its size are not read.</param>
    /// <param name="logId">Identity of the log.</param>
    /// <param name="maxPayload">Largest payload in bytes.</param>
    /// <exception cref="InvalidDataException">The header is damaged or not that of this segment of this log.</exception>
    public SegmentReader(LogSegment segment, ulong logId, int maxPayload)
    {
        Path = segment.Path;
        _length = segment.ByteCount;
        _maxPayload = maxPayload;
        _window = GC.AllocateUninitializedArray<byte>((int)Math.Min(ReadSize, _length));
        _file = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        try
        {
            string? damage = SegmentHeader.TryRead(Window(0, SegmentHeader.Size), out _header);
            if (damage is null && _header.LogId != logId)
                damage = $"it belongs to log {_header.LogId:x16}, not to log {logId:x16}";
            if (damage is null && _header.FirstLsn != segment.FirstLsn)
                damage = $"it begins with record {_header.FirstLsn}, and its name says {segment.FirstLsn}";
            if (damage is not null)
                throw LogDamage.At(Path, 0, damage);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        End = SegmentHeader.Size;
        Link = _header.Link;
        Lsn = _header.FirstLsn - 1;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its header.</summary>
    public SegmentHeader Header => _header;

    /// <summary>Where the current record begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the current record ends; before the first, where that one begins.</summary>
    public long End { get; private set; }

    /// <summary>Sequence number of the current record; before the first, that of the record in front of it.</summary>
    public long Lsn { get; private set; }

    /// <summary>Checksum of the header of the current record, see <see cref="SegmentHeader.Link"/>.</summary>
    public ulong Link { get; private set; }

    /// <summary>What was on disk when the current record was appended.</summary>
    public long DurableLsn => _record.DurableLsn;

    /// <summary>What is wrong with the bytes at <see cref="End"/>, or null.</summary>
    public string? Damage { get; private set; }

    /// <summary>Bytes of the current record; valid until the next call.</summary>
    public ReadOnlySpan<byte> Payload =>
        _window.AsSpan((int)(Offset + RecordHeader.Size - _windowOffset), _record.PayloadByteCount);

    /// <summary>Goes to the next record.</summary>
    /// <returns>False at the end of the file and at damage; the current record stays.</returns>
    /// <exception cref="InvalidDataException">The record is intact and larger than this log allows.</exception>
    public bool Read()
    {
        if (End == _length)
            return false;
        Damage = Check(out RecordHeader record, out ulong link);
        if (Damage is not null)
            return false;
        (Offset, End) = (End, End + RecordHeader.Size + record.PaddedByteCount);
        (Lsn, Link, _record) = (record.Lsn, link, record);
        return true;
    }

    /// <summary>
    /// The highest durable mark of any record header from <see cref="End"/> on, 0 without one. At damage this tells whether records
    /// were written after the damaged one was known to be on disk.
    /// </summary>
    public long FindDurableLsn()
    {
        long durable = 0;
        for (long offset = End; offset + RecordHeader.Size <= _length; offset += RecordHeader.Alignment)
        {
            if (RecordHeader.TryRead(Window(offset, RecordHeader.Size), _header, offset, out RecordHeader record, out _) is null)
                durable = Math.Max(durable, record.DurableLsn);
        }

        return durable;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private string? Check(out RecordHeader record, out ulong link)
    {
        record = default;
        link = 0;
        ReadOnlySpan<byte> bytes = Window(End, RecordHeader.Size);
        if (bytes.Length < RecordHeader.Size)
            return $"the file ends after {bytes.Length} of the {RecordHeader.Size} bytes of a record header";
        string? damage = RecordHeader.TryRead(bytes, _header, End, out record, out link);
        if (damage is not null)
            return damage;
        if (record.Lsn != Lsn + 1)
            return $"record {record.Lsn} follows record {Lsn}";
        if (record.Link != Link)
            return $"record {record.Lsn} was not appended to the record before it";
        if (record.PayloadByteCount < 0 || record.PayloadByteCount > _maxPayload)
            throw LogDamage.At(Path, End, $"record {record.Lsn} holds {record.PayloadByteCount} bytes; at most {_maxPayload} are allowed");
        int size = RecordHeader.Size + (int)record.PaddedByteCount;
        bytes = Window(End, size);
        if (bytes.Length < size)
            return $"the file ends after {bytes.Length} of the {size} bytes of record {record.Lsn}";
        return XxHash64.Compute(bytes[RecordHeader.Size..]) == record.PayloadChecksum
            ? null
            : $"the checksum of record {record.Lsn} does not match";
    }

    // Bytes of the file, fewer at its end. What is already there is kept, so that each byte is read once.
    private ReadOnlySpan<byte> Window(long offset, int count)
    {
        Debug.Assert(offset >= _windowOffset, "A segment is read forward.");
        count = (int)Math.Min(count, _length - offset);
        if (offset + count > _windowOffset + _windowLength)
        {
            int kept = (int)Math.Max(0, _windowOffset + _windowLength - offset);
            byte[] target = _window.Length >= count ? _window : GC.AllocateUninitializedArray<byte>(count);
            _window.AsSpan(_windowLength - kept, kept).CopyTo(target);
            _window = target;
            (_windowOffset, _windowLength) = (offset, kept);
            int wanted = (int)Math.Min(_window.Length, _length - offset);
            while (_windowLength < wanted)
            {
                int read = RandomAccess.Read(_file, _window.AsSpan(_windowLength, wanted - _windowLength), offset + _windowLength);
                if (read == 0)
                    throw new IOException($"{Path} became shorter while it was read.");
                _windowLength += read;
            }
        }

        return _window.AsSpan((int)(offset - _windowOffset), count);
    }
}
