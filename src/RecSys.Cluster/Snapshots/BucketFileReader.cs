using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Snapshots;

/// <summary>Reads a bucket file whose checksum and model have been checked.</summary>
internal sealed class BucketFileReader : IDataReader, IDisposable
{
    private const int PieceByteCount = 1 << 20;
    private readonly FileStream _stream;
    private long _left;

    private BucketFileReader(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its header.</summary>
    public BucketFileHeader Header { get; private set; }

    /// <summary>Its checksum.</summary>
    public ulong Checksum { get; private set; }

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model it has to be of.</param>
    /// <exception cref="InvalidDataException">The file is missing, damaged or of another model; the message names it.</exception>
    public static BucketFileReader Open(string path, ShardedModel model)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"{path}: the file is missing.");
        var reader = new BucketFileReader(path, new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, PieceByteCount));
        try
        {
            reader.Check();
            reader.Header = reader.Read<BucketFileHeader>();
            var header = reader.Header;
            if (header.Magic != BucketFileHeader.MagicNumber || header.Version != BucketFileHeader.CurrentVersion)
                throw reader.Damaged($"it is no bucket file of version {BucketFileHeader.CurrentVersion}");
            if (header.Model != model.Id)
                throw reader.Damaged($"it is of another model than '{model.Name}' is: {header.Model:x16}, not {model.Id:x16}");
            if ((uint)header.Bucket >= (uint)model.BucketCount)
                throw reader.Damaged($"it is of bucket {header.Bucket}; model '{model.Name}' has 0 … {model.BucketCount - 1}");
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads a structure.</summary>
    public T Read<T>()
        where T : unmanaged
    {
        Unsafe.SkipInit(out T value);
        Read<byte>(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Fills a span.</summary>
    public void Read<T>(Span<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        if (bytes.Length > _left)
            throw Damaged("it ends before its parts do");
        _left -= bytes.Length;
        _stream.ReadExactly(bytes);
    }

    /// <summary>Fills a whole buffer.</summary>
    public void Read<T>(NativeBuffer<T> buffer)
        where T : unmanaged
    {
        for (long start = 0; start < buffer.ByteCount; start += PieceByteCount)
            Read<byte>(buffer.Bytes(start, (int)Math.Min(PieceByteCount, buffer.ByteCount - start)));
    }

    /// <inheritdoc/>
    /// <remarks>Does nothing: the parts of a bucket file have no names, and follow each other as they were written.</remarks>
    public void Expect(string name, string type, params ReadOnlySpan<long> shape)
    {
    }

    /// <summary>Fails unless everything has been read.</summary>
    public void RequireEnd()
    {
        if (_left > 0)
            throw Damaged($"{_left} bytes follow its last part");
    }

    /// <summary>An error that names the file.</summary>
    public InvalidDataException Damaged(string what) => new($"{Path}: {what}.");

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Check()
    {
        _left = _stream.Length - sizeof(ulong);
        if (_left < Unsafe.SizeOf<BucketFileHeader>())
            throw Damaged($"it has {_stream.Length} bytes, fewer than a bucket file has");
        var hash = new XxHash64();
        byte[] piece = GC.AllocateUninitializedArray<byte>(PieceByteCount);
        for (long done = 0; done < _left;)
        {
            int count = (int)Math.Min(piece.Length, _left - done);
            _stream.ReadExactly(piece.AsSpan(0, count));
            hash.Append(piece.AsSpan(0, count));
            done += count;
        }

        Span<byte> stored = stackalloc byte[sizeof(ulong)];
        _stream.ReadExactly(stored);
        Checksum = MemoryMarshal.Read<ulong>(stored);
        if (Checksum != hash.Hash)
            throw Damaged("its content does not match its checksum; it is damaged");
        _stream.Position = 0;
    }
}
