using RecSys.Cluster.Buckets;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster;

/// <summary>The tables of a model whose rows are spread over shards, and how they are trained. Immutable.</summary>
public sealed class ShardedModel
{
    /// <summary>Buckets by default: enough to spread the rows evenly over tens of nodes, few enough that a request touches each with many rows.</summary>
    public const int DefaultBucketCount = 256;

    private readonly TableBuckets[] _buckets;
    private readonly int[] _stateWidths;

    /// <summary>Describes a model.</summary>
    /// <param name="name">Unique name: letters, digits, <c>. _ -</c>, at most 100.</param>
    /// <param name="tables">The whole tables, growing ones too; names are unique.</param>
    /// <param name="optimizer">Name of the sparse optimiser.</param>
    /// <param name="optimizerOptions">Its settings.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="bucketCount">Buckets: a power of two, 1 … <see cref="TableBuckets.LargestCount"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of range, the optimiser is unknown, two tables have one name, or a growing one has a
    /// mask or too many rows in a bucket.</exception>
    public ShardedModel(
        string name, IReadOnlyList<TableSpec> tables, string optimizer, SparseOptimizerOptions optimizerOptions, ulong seed, int bucketCount = DefaultBucketCount)
    {
        if (name.Length is 0 or > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || name.StartsWith('.'))
            throw new ArgumentException($"The model name '{name}' is not valid: letters, digits, '.', '_' and '-', at most 100, not beginning with a dot.", nameof(name));
        if (tables.Count == 0 || tables.Select(t => t.Name).Distinct(StringComparer.Ordinal).Count() < tables.Count)
            throw new ArgumentException("A model has at least one table, and every table a name of its own.", nameof(tables));
        Name = name;
        Tables = tables;
        Optimizer = optimizer;
        OptimizerOptions = optimizerOptions;
        Seed = seed;
        BucketCount = bucketCount;
        _buckets = [.. tables.Select(t => new TableBuckets(t, bucketCount))];
        var trained = CreateOptimizer();
        _stateWidths = [.. tables.Select(t => trained.StateWidth(t.Width))];
        for (int t = 0; t < tables.Count; t++)
            CheckGrowing(t);
        Id = FileChecksum.Compute(ShardedModelFormat.Write(this));
    }

    /// <summary>Checksum of everything here: two models with one number have the same rows.</summary>
    public ulong Id { get; }

    /// <summary>Checksum of everything but the name.</summary>
    public ulong NamelessId => new ShardedModel("rows", Tables, Optimizer, OptimizerOptions, Seed, BucketCount).Id;

    /// <summary>Unique name.</summary>
    public string Name { get; }

    /// <summary>The whole tables.</summary>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>Name of the sparse optimiser.</summary>
    public string Optimizer { get; }

    /// <summary>Settings of the sparse optimiser.</summary>
    public SparseOptimizerOptions OptimizerOptions { get; }

    /// <summary>Seed of the first values.</summary>
    public ulong Seed { get; }

    /// <summary>Number of buckets.</summary>
    public int BucketCount { get; }

    /// <summary>Bytes of all rows, as if there were no masks, and the optimiser's state; of growing tables also what finds and chooses their ids.</summary>
    public double ByteCount => Tables.Select((t, i) => ByteCountOf(t, i)).Sum();

    /// <summary>How the rows of a table are dealt to buckets.</summary>
    /// <param name="table">Index of the table.</param>
    public ref readonly TableBuckets BucketsOf(int table) => ref _buckets[table];

    /// <summary>Numbers of the optimiser's state of a row.</summary>
    /// <param name="table">Index of the table.</param>
    public int StateWidthOf(int table) => _stateWidths[table];

    /// <summary>Bytes of a row as it is sent with its state: as it is kept, or as fp32 where a mask says which numbers are kept.</summary>
    /// <param name="table">Index of the table.</param>
    internal int RawRowByteCountOf(int table) => Tables[table].Mask is null ? Tables[table].RowByteCount : Tables[table].Width * sizeof(float);

    /// <summary>Bytes of rows of a table in a request or an answer: values or gradients, or rows as they are kept and then their states.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="count">Rows.</param>
    /// <param name="isRaw">True for <see cref="ShardRequestKind.Export"/> and <see cref="ShardRequestKind.Import"/>.</param>
    internal long BlockByteCount(int table, long count, bool isRaw)
        => isRaw ? RawRowsByteCount(table, count) + (count * StateWidthOf(table) * sizeof(float)) : count * Tables[table].Width * sizeof(float);

    /// <summary>Bytes of rows as they are kept, up to where their states begin.</summary>
    internal long RawRowsByteCount(int table, long count) => ((count * RawRowByteCountOf(table)) + sizeof(float) - 1) / sizeof(float) * sizeof(float);

    /// <summary>An optimiser for the rows of one owner.</summary>
    public SparseOptimizer CreateOptimizer() => SparseOptimizers.Create(Optimizer, OptimizerOptions);

    /// <summary>Why a bucket cannot have a key.</summary>
    internal string DescribeForeign(int table, int bucket, long key) => Tables[table].Growing is null
        ? $"table '{Tables[table].Name}' has no row {key} in bucket {bucket}; it has {BucketsOf(table).RowCountOf(bucket)} there"
        : $"id {key} of table '{Tables[table].Name}' is in bucket {BucketsOf(table).BucketOf(key)}, not in {bucket}";

    private void CheckGrowing(int table)
    {
        var spec = Tables[table];
        if (spec.Growing is null)
            return;
        if (spec.Mask is not null)
            throw new ArgumentException($"Table '{spec.Name}' has a mask, which a growing table cannot have.");
        if (BucketsOf(table).RowCountOf(0) > GrowingTable.LargestCapacity)
            throw new ArgumentException($"A bucket would have {BucketsOf(table).RowCountOf(0)} rows of growing table '{spec.Name}'; at most {GrowingTable.LargestCapacity} are possible, so more buckets are needed.");
    }

    private double ByteCountOf(TableSpec spec, int table)
    {
        if (spec.Growing is null)
            return (double)spec.RowCount * (spec.RowByteCount + (StateWidthOf(table) * sizeof(float)));
        return (double)GrowingBytes.Of(BucketsOf(table).PartOf(0), CreateOptimizer()).Training * BucketCount;
    }
}
