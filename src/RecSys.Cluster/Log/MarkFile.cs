using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Log;

/// <summary>
/// The file that says which records a log must hold: from which on, and up to which callers may have been told that they are
/// durable. It is written in place, twice, each copy in a sector of its own.
/// </summary>
/// <remarks>
/// Both numbers only grow, and each is written when it has become true; so of two copies that differ, the larger numbers are right.
/// Thread-safe.
/// </remarks>
internal sealed class MarkFile : IDisposable
{
    /// <summary>Name of the file.</summary>
    public const string Name = "mark";

    private const int CopySize = 64;
    private const int CopyDistance = 4096;
    private const int ChecksumOffset = CopySize - sizeof(ulong);
    private const uint Version = 1;

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _file;
    private readonly Action<LogOperation>? _probe;

    private MarkFile(string path, SafeFileHandle file, ulong logId, long firstLsn, long durableLsn, Action<LogOperation>? probe)
    {
        Path = path;
        _file = file;
        LogId = logId;
        FirstLsn = firstLsn;
        DurableLsn = durableLsn;
        _probe = probe;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Identity of the log.</summary>
    public ulong LogId { get; }

    /// <summary>The log begins with this record; older ones were deleted.</summary>
    public long FirstLsn { get; private set; }

    /// <summary>Records up to this one are on disk.</summary>
    public long DurableLsn { get; private set; }

    private static ReadOnlySpan<byte> Magic => "RSWALMRK"u8;

    /// <summary>Creates the file of a new log; it appears whole and durable, or not at all.</summary>
    /// <param name="directory">Directory of the log.</param>
    /// <param name="logId">Identity of the log.</param>
    /// <param name="probe">See <see cref="WriteAheadLogOptions.Probe"/>.</param>
    public static MarkFile Create(string directory, ulong logId, Action<LogOperation>? probe)
    {
        string path = System.IO.Path.Combine(directory, Name);
        SafeFileHandle file = Open(path + SegmentWriter.TemporaryExtension, FileMode.Create);
        var mark = new MarkFile(path, file, logId, 1, 0, probe);
        try
        {
            mark.Write();
            RandomAccess.FlushToDisk(file);
            File.Move(path + SegmentWriter.TemporaryExtension, path, overwrite: true);
            DirectorySync.Flush(directory);
            return mark;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens the file of a log.</summary>
    /// <param name="directory">Directory of the log.</param>
    /// <param name="probe">See <see cref="WriteAheadLogOptions.Probe"/>.</param>
    /// <returns>The file, or null without one.</returns>
    /// <exception cref="InvalidDataException">No copy of the mark is intact, or they are from two logs.</exception>
    public static MarkFile? Open(string directory, Action<LogOperation>? probe)
    {
        string path = System.IO.Path.Combine(directory, Name);
        if (!File.Exists(path))
            return null;
        SafeFileHandle file = Open(path, FileMode.Open);
        try
        {
            var first = ReadCopy(file, 0);
            var second = ReadCopy(file, CopyDistance);
            var any = first ?? second ?? throw LogDamage.At(path, 0, "neither copy of the log's mark is intact");
            if (first is not null && second is not null && first.Value.LogId != second.Value.LogId)
                throw LogDamage.At(path, CopyDistance, "the copies of the log's mark belong to two logs");
            long firstLsn = Math.Max(first?.FirstLsn ?? 0, second?.FirstLsn ?? 0);
            long durableLsn = Math.Max(first?.DurableLsn ?? 0, second?.DurableLsn ?? 0);
            return new MarkFile(path, file, any.LogId, firstLsn, durableLsn, probe);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes that records are on disk. The system keeps this if the process ends; a power cut may take it back.</summary>
    /// <param name="lsn">The last of them.</param>
    public void RaiseDurableLsn(long lsn)
    {
        lock (_gate)
        {
            Debug.Assert(lsn >= DurableLsn, "What is on disk stays there.");
            DurableLsn = lsn;
            Write();
        }
    }

    /// <summary>Writes that older records may be deleted, and returns when this is on disk.</summary>
    /// <param name="lsn">The oldest record that is kept.</param>
    public void RaiseFirstLsn(long lsn)
    {
        lock (_gate)
        {
            FirstLsn = Math.Max(FirstLsn, lsn);
            Write();
            RandomAccess.FlushToDisk(_file);
        }
    }

    /// <summary>Returns when the mark is on disk.</summary>
    public void Flush()
    {
        lock (_gate)
            RandomAccess.FlushToDisk(_file);
    }

    /// <summary>Closes the file without flushing it.</summary>
    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private static (ulong LogId, long FirstLsn, long DurableLsn)? ReadCopy(SafeFileHandle file, long offset)
    {
        Span<byte> bytes = stackalloc byte[CopySize];
        if (RandomAccess.Read(file, bytes, offset) < CopySize || !bytes.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumOffset..]) != XxHash64.Compute(bytes[..ChecksumOffset])
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Version)
            return null;
        return (
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
    }

    private void Write()
    {
        _probe?.Invoke(LogOperation.WriteMark);
        Span<byte> bytes = stackalloc byte[CopySize];
        bytes.Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], LogId);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], FirstLsn);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], DurableLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[ChecksumOffset..], XxHash64.Compute(bytes[..ChecksumOffset]));
        RandomAccess.Write(_file, bytes, 0);
        RandomAccess.Write(_file, bytes, CopyDistance);
    }
}
