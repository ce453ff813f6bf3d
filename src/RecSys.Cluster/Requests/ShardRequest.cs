using System.Buffers;
using System.Runtime.InteropServices;

namespace RecSys.Cluster.Requests;

/// <summary>
/// A request to a shard, checked against its model: rows by bucket and table, and for an update their summed gradients. One request
/// carries everything that a mini-batch wants from one node.
/// </summary>
/// <remarks>
/// Bytes: <see cref="ShardRequestHeader"/>; entries of four Int32 (bucket, table, rows, 0), ascending by bucket and table; per entry the
/// places of its rows in the bucket as Int64; for an update per entry its gradients as Float32 [rows × width]. All little-endian. The
/// answer to a gather are the values in the order of the entries, Float32. It does not own the bytes.
/// </remarks>
public sealed class ShardRequest : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ShardedModel _model;
    private readonly int _keysAt;
    private readonly int _valuesAt;
    private ShardEntry[] _entries;

    private ShardRequest(ReadOnlyMemory<byte> bytes, ShardedModel model, in ShardRequestHeader header)
    {
        _bytes = bytes;
        _model = model;
        Header = header;
        _keysAt = ShardRequestHeader.ByteCount + (header.EntryCount * RawEntry.ByteCount);
        _entries = ArrayPool<ShardEntry>.Shared.Rent(header.EntryCount);
        (int keys, ValueCount) = ReadEntries();
        _valuesAt = _keysAt + (keys * sizeof(long));
        long expected = _valuesAt + (Kind == ShardRequestKind.Apply ? ValueCount * sizeof(float) : 0L);
        if (bytes.Length != expected)
            throw Invalid($"it has {bytes.Length} bytes, but its entries need {expected}");
        CheckKeys();
    }

    /// <summary>The header.</summary>
    public ShardRequestHeader Header { get; }

    /// <summary>What it wants.</summary>
    public ShardRequestKind Kind => (ShardRequestKind)Header.Kind;

    /// <summary>The request as it came.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Bytes of the answer to a gather.</summary>
    public int ReplyByteCount => ValueCount * sizeof(float);

    /// <summary>Numbers of all rows.</summary>
    internal int ValueCount { get; }

    /// <summary>The entries, ascending by bucket and table.</summary>
    internal ReadOnlySpan<ShardEntry> Entries => _entries.AsSpan(0, Header.EntryCount);

    /// <summary>Checks a request.</summary>
    /// <param name="bytes">The request; it has to stay as it is while the result is in use.</param>
    /// <param name="model">The model it is for.</param>
    /// <param name="kind">What it has to want.</param>
    /// <exception cref="ShardException">The request is malformed, is for another model, or names buckets, tables or rows that do not exist.</exception>
    public static ShardRequest Parse(ReadOnlyMemory<byte> bytes, ShardedModel model, ShardRequestKind kind)
    {
        if (bytes.Length < ShardRequestHeader.ByteCount)
            throw Invalid($"it has {bytes.Length} bytes, and its header alone {ShardRequestHeader.ByteCount}");
        var header = MemoryMarshal.Read<ShardRequestHeader>(bytes.Span);
        if (header.Magic != ShardRequestHeader.MagicNumber)
            throw Invalid("it does not begin with 'RSRQ'");
        if (header.Version != ShardRequestHeader.CurrentVersion)
            throw Invalid($"its version is {header.Version}; valid: {ShardRequestHeader.CurrentVersion}");
        if (header.Kind != (ushort)kind)
            throw Invalid($"its kind is {header.Kind}; valid here: {(ushort)kind} ({kind})");
        if (header.TotalByteCount != bytes.Length)
            throw Invalid($"it has {bytes.Length} bytes, but says {header.TotalByteCount}");
        if (header.EntryCount < 1 || header.EntryCount > (bytes.Length - ShardRequestHeader.ByteCount) / RawEntry.ByteCount)
            throw Invalid($"it says that it has {header.EntryCount} entries, which cannot be");
        if (kind == ShardRequestKind.Apply && (header.Worker == 0 || header.Sequence == 0 || header.Step < 1 || !(header.LearningRate >= 0 && float.IsFinite(header.LearningRate))))
            throw Invalid($"worker {header.Worker}, sequence {header.Sequence}, step {header.Step} or learning rate {header.LearningRate} is out of range; valid: at least 1, the rate at least 0");
        if (header.Model != model.Id)
            throw new ShardException(ShardErrorKind.Conflict, $"The request is for another model than '{model.Name}' is: {header.Model:x16}, not {model.Id:x16}.");
        return new ShardRequest(bytes, model, header);
    }

    /// <summary>Places of the rows of an entry in its bucket.</summary>
    internal ReadOnlySpan<long> Keys(in ShardEntry entry) => Part<long>(_keysAt, entry.FirstKey, entry.Count);

    /// <summary>Gradients of the rows of an entry.</summary>
    internal ReadOnlySpan<float> Gradients(in ShardEntry entry) => Part<float>(_valuesAt, entry.FirstValue, entry.Count * _model.Tables[entry.Table].Width);

    /// <summary>The room for the rows of an entry in an answer.</summary>
    internal Span<float> Room(in ShardEntry entry, Span<float> reply) => reply.Slice(entry.FirstValue, entry.Count * _model.Tables[entry.Table].Width);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<ShardEntry>.Shared.Return(_entries);
        _entries = [];
    }

    private ReadOnlySpan<T> Part<T>(int start, int first, int count)
        where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(_bytes.Span[start..]).Slice(first, count);

    private (int KeyCount, int ValueCount) ReadEntries()
    {
        var raw = MemoryMarshal.Cast<byte, RawEntry>(_bytes.Span[ShardRequestHeader.ByteCount.._keysAt]);
        long keys = 0;
        long values = 0;
        long last = -1;
        for (int i = 0; i < raw.Length; i++)
        {
            (int bucket, int table, int count, int zero) = raw[i];
            if ((uint)bucket >= (uint)_model.BucketCount || (uint)table >= (uint)_model.Tables.Count || count < 1 || zero != 0)
                throw Invalid($"entry {i} is bucket {bucket}, table {table}, {count} rows, {zero}; valid: 0 … {_model.BucketCount - 1}, 0 … {_model.Tables.Count - 1}, at least 1, 0");
            long order = ((long)bucket * _model.Tables.Count) + table;
            if (order <= last)
                throw Invalid($"entry {i} (bucket {bucket}, table {table}) does not come after the one before it");
            last = order;
            _entries[i] = new ShardEntry(bucket, table, count, (int)keys, (int)values);
            keys += count;
            values += (long)count * _model.Tables[table].Width;
            if (_keysAt + (keys * sizeof(long)) > _bytes.Length || values > Array.MaxLength / sizeof(float))
                throw Invalid($"entry {i} has {count} rows, more than the request or its answer can hold");
        }

        return ((int)keys, (int)values);
    }

    private void CheckKeys()
    {
        foreach (ref readonly var entry in Entries)
        {
            long rowCount = _model.BucketsOf(entry.Table).RowCountOf(entry.Bucket);
            foreach (long key in Keys(entry))
            {
                if ((ulong)key >= (ulong)rowCount)
                    throw Invalid($"table '{_model.Tables[entry.Table].Name}' has no row {key} in bucket {entry.Bucket}; it has {rowCount} there");
            }
        }
    }

    private static ShardException Invalid(string what) => new(ShardErrorKind.Invalid, $"The request is not valid: {what}.");

    /// <summary>An entry as it is sent.</summary>
    internal readonly record struct RawEntry(int Bucket, int Table, int Count, int Zero)
    {
        public const int ByteCount = 4 * sizeof(int);
    }
}
