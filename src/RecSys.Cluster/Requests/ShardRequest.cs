using System.Buffers;
using System.Runtime.InteropServices;
using RecSys.Cluster.Buckets;

namespace RecSys.Cluster.Requests;

/// <summary>
/// A request to a shard, checked against its model: rows by bucket and table, and for an update their summed gradients. One request
/// carries everything that a mini-batch wants from one node.
/// </summary>
/// <remarks>
/// Bytes: <see cref="ShardRequestHeader"/>; entries of four Int32 (bucket, table, rows, 0), ascending by bucket and table; per entry the
/// places of its rows in the bucket, or the ids of a growing table, as Int64; and a block per entry. All little-endian. The blocks of an <see cref="ShardRequestKind.Apply"/>
/// are gradients, Float32 [rows × width], those of an <see cref="ShardRequestKind.Import"/> the rows as they are kept, filled up to four bytes,
/// and then their states, Float32. Requests that read have none: the answers are such blocks. Rows of growing tables are neither exported nor
/// imported: what they are cannot be told without the ids, policies and counts beside them. It does not own the bytes.
/// </remarks>
public sealed class ShardRequest : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ShardedModel _model;
    private readonly int _keysAt;
    private readonly int _blocksAt;
    private ShardEntry[] _entries;

    private ShardRequest(ReadOnlyMemory<byte> bytes, ShardedModel model, in ShardRequestHeader header)
    {
        _bytes = bytes;
        _model = model;
        Header = header;
        _keysAt = ShardRequestHeader.ByteCount + (header.EntryCount * RawEntry.ByteCount);
        _entries = ArrayPool<ShardEntry>.Shared.Rent(header.EntryCount);
        (int keys, BlockByteCount) = ReadEntries();
        _blocksAt = _keysAt + (keys * sizeof(long));
        long expected = _blocksAt + (IsWrite ? (long)BlockByteCount : 0);
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

    /// <summary>Bytes of the answer; 0 for a request that writes.</summary>
    public int ReplyByteCount => IsWrite ? 0 : BlockByteCount;

    /// <summary>Bytes of all blocks.</summary>
    internal int BlockByteCount { get; }

    /// <summary>True when it changes rows.</summary>
    internal bool IsWrite => Kind is ShardRequestKind.Apply or ShardRequestKind.Import;

    private bool IsRaw => Kind is ShardRequestKind.Export or ShardRequestKind.Import;

    /// <summary>The entries, ascending by bucket and table.</summary>
    internal ReadOnlySpan<ShardEntry> Entries => _entries.AsSpan(0, Header.EntryCount);

    /// <summary>Checks a request.</summary>
    /// <param name="bytes">The request; it has to stay as it is while the result is in use.</param>
    /// <param name="model">The model it is for.</param>
    /// <param name="kinds">What it may want.</param>
    /// <exception cref="ShardException">The request is malformed, is for another model, or names buckets, tables or rows that do not exist.</exception>
    public static ShardRequest Parse(ReadOnlyMemory<byte> bytes, ShardedModel model, params ReadOnlySpan<ShardRequestKind> kinds)
    {
        if (bytes.Length < ShardRequestHeader.ByteCount)
            throw Invalid($"it has {bytes.Length} bytes, and its header alone {ShardRequestHeader.ByteCount}");
        var header = MemoryMarshal.Read<ShardRequestHeader>(bytes.Span);
        if (header.Magic != ShardRequestHeader.MagicNumber)
            throw Invalid("it does not begin with 'RSRQ'");
        if (header.Version != ShardRequestHeader.CurrentVersion)
            throw Invalid($"its version is {header.Version}; valid: {ShardRequestHeader.CurrentVersion}");
        var kind = (ShardRequestKind)header.Kind;
        if (!kinds.Contains(kind))
            throw Invalid($"its kind is {header.Kind}; valid here: {string.Join(", ", kinds.ToArray().Select(k => $"{(ushort)k} ({k})"))}");
        if (header.TotalByteCount != bytes.Length)
            throw Invalid($"it has {bytes.Length} bytes, but says {header.TotalByteCount}");
        if (header.EntryCount < 1 || header.EntryCount > (bytes.Length - ShardRequestHeader.ByteCount) / RawEntry.ByteCount)
            throw Invalid($"it says that it has {header.EntryCount} entries, which cannot be");
        if (kind is ShardRequestKind.Apply or ShardRequestKind.Import && (header.Worker == 0 || header.Sequence == 0 || header.Step < 1 || !(header.LearningRate >= 0 && float.IsFinite(header.LearningRate))))
            throw Invalid($"worker {header.Worker}, sequence {header.Sequence}, step {header.Step} or learning rate {header.LearningRate} is out of range; valid: at least 1, the rate at least 0");
        if (header.Model != model.Id)
            throw new ShardException(ShardErrorKind.Conflict, $"The request is for another model than '{model.Name}' is: {header.Model:x16}, not {model.Id:x16}.");
        return new ShardRequest(bytes, model, header);
    }

    /// <summary>Places of the rows of an entry in its bucket, or their ids.</summary>
    internal ReadOnlySpan<long> Keys(in ShardEntry entry) => Part<long>(_keysAt, entry.FirstKey, entry.Count);

    /// <summary>Gradients of the rows of an entry.</summary>
    internal ReadOnlySpan<float> Gradients(in ShardEntry entry) => MemoryMarshal.Cast<byte, float>(Block(entry));

    /// <summary>Rows of an entry as they are kept, and their states.</summary>
    internal RawRows Rows(in ShardEntry entry)
    {
        var block = Block(entry);
        int states = (int)_model.RawRowsByteCount(entry.Table, entry.Count);
        return new RawRows(block[..states], MemoryMarshal.Cast<byte, float>(block[states..]));
    }

    /// <summary>The block of an entry in a request that writes.</summary>
    internal ReadOnlySpan<byte> Block(in ShardEntry entry) => _bytes.Span.Slice(_blocksAt + entry.FirstByte, BlockByteCountOf(entry));

    /// <summary>Bytes of the block of an entry.</summary>
    internal int BlockByteCountOf(in ShardEntry entry) => (int)_model.BlockByteCount(entry.Table, entry.Count, IsRaw);

    /// <summary>The block of an entry in an answer.</summary>
    internal Span<byte> Room(in ShardEntry entry, Span<byte> reply) => reply.Slice(entry.FirstByte, BlockByteCountOf(entry));

    /// <summary>Where the states begin in a block of rows as they are kept.</summary>
    internal int StatesAt(in ShardEntry entry) => (int)_model.RawRowsByteCount(entry.Table, entry.Count);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<ShardEntry>.Shared.Return(_entries);
        _entries = [];
    }

    private ReadOnlySpan<T> Part<T>(int start, int first, int count)
        where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(_bytes.Span[start..]).Slice(first, count);

    private (int KeyCount, int BlockByteCount) ReadEntries()
    {
        var raw = MemoryMarshal.Cast<byte, RawEntry>(_bytes.Span[ShardRequestHeader.ByteCount.._keysAt]);
        long keys = 0;
        long blocks = 0;
        long last = -1;
        for (int i = 0; i < raw.Length; i++)
        {
            (int bucket, int table, int count, int zero) = raw[i];
            if ((uint)bucket >= (uint)_model.BucketCount || (uint)table >= (uint)_model.Tables.Count || count < 1 || zero != 0)
                throw Invalid($"entry {i} is bucket {bucket}, table {table}, {count} rows, {zero}; valid: 0 … {_model.BucketCount - 1}, 0 … {_model.Tables.Count - 1}, at least 1, 0");
            if (IsRaw && _model.Tables[table].Growing is not null)
                throw Invalid($"table '{_model.Tables[table].Name}' is a growing one, whose rows move in files of buckets and snapshots only");
            long order = ((long)bucket * _model.Tables.Count) + table;
            if (order <= last)
                throw Invalid($"entry {i} (bucket {bucket}, table {table}) does not come after the one before it");
            last = order;
            _entries[i] = new ShardEntry(bucket, table, count, (int)keys, (int)blocks);
            keys += count;
            blocks += _model.BlockByteCount(table, count, IsRaw);
            if (_keysAt + (keys * sizeof(long)) > _bytes.Length || blocks > Array.MaxLength)
                throw Invalid($"entry {i} has {count} rows, more than the request or its answer can hold");
        }

        return ((int)keys, (int)blocks);
    }

    private void CheckKeys()
    {
        foreach (ref readonly var entry in Entries)
        {
            var keys = Keys(entry);
            int foreign = _model.BucketsOf(entry.Table).IndexOfForeign(entry.Bucket, keys);
            if (foreign >= 0)
                throw Invalid(_model.DescribeForeign(entry.Table, entry.Bucket, keys[foreign]));
        }
    }

    private static ShardException Invalid(string what) => new(ShardErrorKind.Invalid, $"The request is not valid: {what}.");

    /// <summary>Rows as they are kept, and their states.</summary>
    internal readonly ref struct RawRows(ReadOnlySpan<byte> rows, ReadOnlySpan<float> states)
    {
        public ReadOnlySpan<byte> Rows { get; } = rows;

        public ReadOnlySpan<float> States { get; } = states;
    }

    /// <summary>An entry as it is sent.</summary>
    internal readonly record struct RawEntry(int Bucket, int Table, int Count, int Zero)
    {
        public const int ByteCount = 4 * sizeof(int);
    }
}
