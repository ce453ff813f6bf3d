using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster;

/// <summary>The rows of one table in one bucket. Not thread-safe.</summary>
internal sealed class BucketPart : IDisposable
{
    private readonly PackedArray? _maskBits;

    /// <summary>Creates the part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="bucket">Number of the bucket, which has rows of the table.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="isFilled">Whether the rows get their first values.</param>
    public BucketPart(ShardedModel model, int table, int bucket, SparseOptimizer optimizer, bool isFilled)
    {
        var spec = model.BucketsOf(table).PartOf(bucket);
        if (model.Tables[table].Mask is { } mask)
        {
            _maskBits = MaskBits(mask, spec);
            spec = spec with { Mask = new RowMask(_maskBits) };
        }

        try
        {
            Rows = isFilled ? new RowTable(spec, optimizer, model.Seed) : RowTable.CreateUnfilled(spec, optimizer, model.Seed);
        }
        catch
        {
            spec.Mask?.Dispose();
            _maskBits?.Dispose();
            throw;
        }
    }

    /// <summary>The rows.</summary>
    public RowTable Rows { get; }

    /// <summary>Bytes of rows, mask and state.</summary>
    public long ByteCount => Rows.Rows.ByteCount + Rows.States.ByteCount + (Rows.Spec.Mask?.ByteCount ?? 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        Rows.Spec.Mask?.Dispose();
        _maskBits?.Dispose();
    }

    // The bits of the part's rows among those of the whole table.
    private static PackedArray MaskBits(RowMask whole, TableSpec part)
    {
        var bits = new PackedArray(part.RowCount * part.Width, bits: 1);
        for (long row = 0; row < part.RowCount; row++)
        {
            long from = part.Numbers.Of(row) * part.Width;
            for (int column = 0; column < part.Width; column++)
                bits[(row * part.Width) + column] = whole.Bits[from + column];
        }

        return bits;
    }
}
