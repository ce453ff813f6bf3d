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

    /// <summary>Reads which rows of a table follow.</summary>
    /// <param name="part">What the file says of the table.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="rowCount">Rows that the bucket has of it.</param>
    /// <returns>Their places in the bucket; null when all follow.</returns>
    /// <exception cref="InvalidDataException">The bucket has no such rows.</exception>
    public long[]? ReadPlaces(BucketFilePart part, string table, long rowCount)
    {
        if (part.IsWhole == 1 && part.Count == rowCount)
            return null;
        if (part.IsWhole != 0 || part.Count < 0 || part.Count > rowCount)
            throw Damaged($"it holds {part.Count} rows of table '{table}', which has {rowCount} in the bucket");
        long[] places = new long[part.Count];
        Read<long>(places);
        return places.Any(p => (ulong)p >= (ulong)rowCount) ? throw Damaged($"it holds a row of table '{table}' that the bucket has not") : places;
    }

    /// <summary>Passes over bytes.</summary>
    public void Skip(long byteCount)
    {
        if (byteCount > _left)
            throw Damaged("it ends before its parts do");
        _left -= byteCount;
        _stream.Seek(byteCount, SeekOrigin.Current);
    }

    /// <summary>Fails unless the file is a bucket, whole.</summary>
    public void RequireWhole(int bucket)
    {
        if (Header.Bucket != bucket || Header.Link.Number != 0)
            throw Damaged($"it holds {Name}, but bucket {bucket}, whole, was expected");
    }

    /// <summary>Fails unless the file is a delta of a bucket and follows another.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="link">The file before.</param>
    /// <param name="checksum">Its checksum.</param>
    public void RequireFollows(int bucket, ChainLink link, ulong checksum)
    {
        if (Header.Bucket != bucket || Header.Link != link.Next || link.Chain == 0)
            throw Damaged($"it holds {Name}, but bucket {bucket}, delta {link.Number + 1} of chain {link.Chain:x16} was expected");
        if (Header.Parent != checksum)
            throw Damaged($"it follows the file with checksum {Header.Parent:x16}, but the one before has {checksum:x16}");
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

    private string Name => $"bucket {Header.Bucket}, {(Header.Link.Number == 0 ? "whole" : $"delta {Header.Link.Number} of chain {Header.Link.Chain:x16}")}";

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
