using System.Numerics;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Buckets;

/// <summary>
/// How the rows of a table are dealt to buckets: one after the other, each table beginning at a bucket of its own; those of a growing
/// table by a hash of their ids.
/// </summary>
/// <remarks>
/// Numbers follow falling frequency, so dealing gives every bucket its share of frequent rows, which a hash does only on average.
/// It needs no index either: a row's place in its bucket is computed, and the rows of a bucket are numbers of equal distance.
/// </remarks>
public readonly record struct TableBuckets
{
    /// <summary>Most buckets of a model.</summary>
    public const int LargestCount = 1 << 16;

    // The shift of a growing table: by as many bits as a number has, which C# takes for none. So a key is a shift in any case, and the
    // fields are few enough for the compiler to keep them in registers.
    private const int GrowingShift = 64;

    private readonly TableSpec _table;
    private readonly ulong _salt;
    private readonly int _count;
    private readonly int _shift;

    /// <summary>Deals the rows of a table.</summary>
    /// <param name="table">The whole table.</param>
    /// <param name="count">Buckets: a power of two, 1 … <see cref="LargestCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number of buckets.</exception>
    public TableBuckets(TableSpec table, int count)
    {
        if (count is < 1 or > LargestCount || !BitOperations.IsPow2(count))
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The number of buckets is a power of two, 1 … {LargestCount}.");
        _table = table;
        _count = count;
        _shift = table.Growing is null ? BitOperations.Log2((uint)count) : GrowingShift;
        _salt = RowHash.Salt(0, table.Name, 2);
    }

    private bool IsGrowing => _shift == GrowingShift;

    /// <summary>The bucket of a row.</summary>
    /// <param name="row">Row of the whole table, ≥ 0, or any id.</param>
    public int BucketOf(long row) => (int)((IsGrowing ? RowHash.Mix((ulong)row ^ _salt) : (ulong)row + _salt) & (ulong)(_count - 1));

    /// <summary>What a row is named by in its bucket: its place there, or its id.</summary>
    /// <param name="row">Row of the whole table, ≥ 0, or any id.</param>
    public long KeyOf(long row) => row >> _shift;

    /// <summary>The place of the first row of a bucket that is not before a row; rows of the bucket when all are. Of a table with numbers.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="row">0 … rows of the whole table.</param>
    public long PlaceFrom(int bucket, long row) => (row - FirstOf(bucket) + _count - 1) >> _shift;

    /// <summary>Rows of a bucket; 0 when the table has fewer rows than there are buckets. In a growing table every bucket has room for an
    /// equal share of the ids, rounded up.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    public long RowCountOf(int bucket) => IsGrowing ? (_table.RowCount + _count - 1) / _count : PlaceFrom(bucket, _table.RowCount);

    /// <summary>The part of the table that a bucket holds, without the mask.</summary>
    /// <param name="bucket">A bucket with rows.</param>
    public TableSpec PartOf(int bucket) => IsGrowing
        ? _table with { RowCount = RowCountOf(bucket), Growing = _table.Growing!.Share(_count) }
        : _table with { RowCount = RowCountOf(bucket), Numbers = new RowNumbers(FirstOf(bucket), _count), Mask = null };

    /// <summary>Finds a key that a bucket cannot have.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="keys">Keys of rows.</param>
    /// <returns>Index of the first such key, −1 without.</returns>
    internal int IndexOfForeign(int bucket, ReadOnlySpan<long> keys)
    {
        long rowCount = RowCountOf(bucket);
        for (int i = 0; i < keys.Length; i++)
        {
            if (IsGrowing ? BucketOf(keys[i]) != bucket : (ulong)keys[i] >= (ulong)rowCount)
                return i;
        }

        return -1;
    }

    private long FirstOf(int bucket) => (bucket - (long)_salt) & (_count - 1);
}
