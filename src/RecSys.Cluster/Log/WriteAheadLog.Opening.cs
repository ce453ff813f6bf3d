using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace RecSys.Cluster.Log;

/// <content>Opens a log.</content>
public sealed partial class WriteAheadLog
{
    private const string LockName = "lock";

    /// <summary>Opens the log in a directory, or begins one there.</summary>
    /// <param name="directory">Directory of this log alone; created when it is missing.</param>
    /// <param name="options">Settings.</param>
    /// <returns>
    /// The log with all records that were acknowledged, and with those after them that are intact. All of them are on disk.
    /// <see cref="TornTail"/> says what was cut.
    /// </returns>
    /// <remarks>
    /// Reads the whole log once, with memory for its largest record. The numbers of records that were cut are given again: what was
    /// not acknowledged has not happened.
    /// </remarks>
    /// <exception cref="InvalidDataException">A record that was acknowledged is damaged or missing, or files are not of this log.</exception>
    /// <exception cref="IOException">The log is open already, or a file cannot be read or written.</exception>
    public static WriteAheadLog Open(string directory, WriteAheadLogOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        directory = Path.GetFullPath(directory);
        DirectorySync.Create(directory);

        SafeFileHandle? lockFile = null;
        MarkFile? mark = null;
        SegmentWriter? writer = null;
        try
        {
            // The system frees the lock when the process ends, however it ends; so the file itself may stay.
            lockFile = File.OpenHandle(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            DeleteTemporaryFiles(directory);
            mark = OpenMark(directory, options);
            LogRecovery recovery = LogRecovery.Run(directory, mark, options);
            writer = recovery.OpenWriter(directory);
            Settle(directory, recovery, writer, mark);
            var log = new WriteAheadLog(directory, options, lockFile, mark, recovery, writer);
            log._flusher.Start();
            return log;
        }
        catch
        {
            writer?.Dispose();
            mark?.Dispose();
            lockFile?.Dispose();
            throw;
        }
    }

    private static void DeleteTemporaryFiles(string directory)
    {
        foreach (string path in Directory.GetFiles(directory, "*" + SegmentWriter.TemporaryExtension))
            File.Delete(path);
    }

    private static MarkFile OpenMark(string directory, WriteAheadLogOptions options)
    {
        if (MarkFile.Open(directory, options.Probe) is { } mark)
            return mark;

        // The mark is the first file of a log. Where it is missing beside segments, what was acknowledged is not known.
        if (LogSegment.Find(directory) is [var segment, ..])
            throw LogDamage.Of(Path.Combine(directory, MarkFile.Name), $"the log's mark is missing beside '{Path.GetFileName(segment.Path)}'");
        ulong logId = options.LogId ?? DrawId();
        return MarkFile.Create(directory, logId, options.Probe);
    }

    private static ulong DrawId()
    {
        ulong id = 0;
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref id)));
        return id;
    }

    // Makes what was found durable: the tail was perhaps never flushed, or a flush of it failed.
    private static void Settle(string directory, LogRecovery recovery, SegmentWriter writer, MarkFile mark)
    {
        writer.Rewrite(recovery.DurableEnd);
        if (recovery.TornTail is not null)
            writer.Cut();
        writer.Flush();
        DirectorySync.Flush(directory);
        mark.RaiseDurableLsn(recovery.LastLsn);
        mark.Flush();
    }
}
