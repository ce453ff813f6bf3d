using System.Numerics;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster;

/// <summary>How the rows of a table are dealt to buckets: one after the other, each table beginning at a bucket of its own.</summary>
/// <remarks>
/// Ids are numbered by falling frequency, so dealing gives every bucket its share of frequent rows, which a hash does only on average.
/// It needs no index either: a row's place in its bucket is computed, and the rows of a bucket are numbers of equal distance.
/// </remarks>
public readonly record struct TableBuckets
{
    /// <summary>Most buckets of a model.</summary>
    public const int LargestCount = 1 << 16;

    private readonly TableSpec _table;
    private readonly long _rotation;
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
        _shift = BitOperations.Log2((uint)count);
        _rotation = (long)(RowHash.Salt(0, table.Name, 2) & (ulong)(count - 1));
    }

    /// <summary>The bucket of a row.</summary>
    /// <param name="row">Row of the whole table, ≥ 0.</param>
    public int BucketOf(long row) => (int)((row + _rotation) & (_count - 1));

    /// <summary>The place of a row in its bucket.</summary>
    /// <param name="row">Row of the whole table, ≥ 0.</param>
    public long PlaceOf(long row) => row >> _shift;

    /// <summary>The place of the first row of a bucket that is not before a row; rows of the bucket when all are.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="row">0 … rows of the whole table.</param>
    public long PlaceFrom(int bucket, long row) => (row - FirstOf(bucket) + _count - 1) >> _shift;

    /// <summary>Rows of a bucket; 0 when the table has fewer rows than there are buckets.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    public long RowCountOf(int bucket) => PlaceFrom(bucket, _table.RowCount);

    /// <summary>The part of the table that a bucket holds, without the mask.</summary>
    /// <param name="bucket">A bucket with rows.</param>
    public TableSpec PartOf(int bucket) => _table with { RowCount = RowCountOf(bucket), Numbers = new RowNumbers(FirstOf(bucket), _count), Mask = null };

    private long FirstOf(int bucket) => (bucket - _rotation) & (_count - 1);
}
