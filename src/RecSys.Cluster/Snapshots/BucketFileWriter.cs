using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Snapshots;

/// <summary>Writes a bucket file under a temporary name, with its checksum at the end.</summary>
internal sealed class BucketFileWriter : IDataWriter, IDisposable
{
    private const int PieceByteCount = 1 << 20;
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly XxHash64 _hash = new();
    private bool _isComplete;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Its name when it is complete.</param>
    public BucketFileWriter(string path)
    {
        _path = path;
        _stream = new FileStream(Temporary, FileMode.Create, FileAccess.Write, FileShare.None, PieceByteCount);
    }

    private string Temporary => _path + ".tmp";

    /// <summary>Appends a structure.</summary>
    public void Write<T>(in T value)
        where T : unmanaged
        => Write<byte>(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Appends numbers.</summary>
    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        _hash.Append(bytes);
        _stream.Write(bytes);
    }

    /// <summary>Appends a whole buffer.</summary>
    public void Write<T>(NativeBuffer<T> buffer)
        where T : unmanaged
    {
        for (long start = 0; start < buffer.ByteCount; start += PieceByteCount)
            Write<byte>(buffer.Bytes(start, (int)Math.Min(PieceByteCount, buffer.ByteCount - start)));
    }

    /// <summary>Writes the checksum; nothing may follow.</summary>
    /// <returns>The checksum.</returns>
    public ulong Finish()
    {
        ulong checksum = _hash.Hash;
        _stream.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in checksum)));
        return checksum;
    }

    /// <summary>Flushes the file to disk and gives it its name.</summary>
    public void Complete()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(Temporary, _path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Ends writing; a file that is not complete is removed.</summary>
    public void Dispose()
    {
        if (_isComplete)
            return;
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What was left in the buffer did not fit the disk; the caller has the exception of the write that failed.
        }

        File.Delete(Temporary);
    }
}
