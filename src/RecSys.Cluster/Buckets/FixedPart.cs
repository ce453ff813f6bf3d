using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Buckets;

/// <summary>Rows with numbers: as many as the bucket has of the table, from the beginning. A key is a row's place in the bucket.</summary>
internal sealed class FixedPart : BucketPart
{
    private readonly PackedArray? _maskBits;
    private readonly int _table;
    private readonly RowTable _rows;
    private readonly RowSet _changed;

    /// <summary>Creates the part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="bucket">Number of the bucket, which has rows of the table.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="isFilled">Whether the rows get their first values.</param>
    public FixedPart(ShardedModel model, int table, int bucket, SparseOptimizer optimizer, bool isFilled)
    {
        var spec = model.BucketsOf(table).PartOf(bucket);
        _table = table;
        _changed = new RowSet(spec.RowCount);
        if (model.Tables[table].Mask is { } mask)
        {
            _maskBits = MaskBits(mask, spec);
            spec = spec with { Mask = new RowMask(_maskBits) };
        }

        try
        {
            _rows = isFilled ? new RowTable(spec, optimizer, model.Seed) : RowTable.CreateUnfilled(spec, optimizer, model.Seed);
        }
        catch
        {
            spec.Mask?.Dispose();
            _maskBits?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long ByteCount => _rows.Rows.ByteCount + _rows.States.ByteCount + (_rows.Spec.Mask?.ByteCount ?? 0) + _changed.ByteCount;

    /// <inheritdoc/>
    public override bool HasChanges => !_changed.IsEmpty;

    /// <inheritdoc/>
    public override TableChanges Changes => new(_table, _changed.ToArray());

    /// <inheritdoc/>
    public override void Gather(ReadOnlySpan<long> keys, Span<float> values) => _rows.Gather(keys, values);

    /// <inheritdoc/>
    public override void Update(SparseOptimizer optimizer, ReadOnlySpan<long> keys, ReadOnlySpan<float> gradients)
    {
        optimizer.Update(_rows, keys, gradients);
        _changed.Add(keys);
    }

    /// <summary>Reads rows as they are kept, and their states.</summary>
    /// <param name="keys">Keys of rows.</param>
    /// <param name="block">Receives them.</param>
    /// <param name="statesAt">Where the states begin.</param>
    public void Export(ReadOnlySpan<long> keys, Span<byte> block, int statesAt) => RawRowCopy.Export(_rows, keys, block, statesAt);

    /// <summary>Puts rows and their states into place.</summary>
    /// <param name="keys">Keys of rows.</param>
    /// <param name="raw">The rows as they are kept, and their states.</param>
    public void Import(ReadOnlySpan<long> keys, ShardRequest.RawRows raw)
    {
        RawRowCopy.Import(_rows, keys, raw);
        _changed.Add(keys);
    }

    /// <inheritdoc/>
    public override void ForgetChanges() => _changed.Clear();

    /// <inheritdoc/>
    /// <remarks>With a mask rows have no places of their own, so all are written.</remarks>
    public override void Write(BucketFileWriter writer, bool onlyChanges)
    {
        if (!onlyChanges || _rows.Spec.Mask is not null)
        {
            writer.Write(new BucketFilePart(_table, 1, _rows.Spec.RowCount));
            writer.Write(_rows.Rows);
            writer.Write(_rows.States);
            return;
        }

        writer.Write(new BucketFilePart(_table, 0, _changed.Count));
        foreach (long row in _changed)
            writer.Write(row);
        foreach (long row in _changed)
            writer.Write<byte>(_rows.RowBytes(row));
        foreach (long row in _changed)
            writer.Write<float>(_rows.State(row));
    }

    /// <inheritdoc/>
    public override void Read(BucketFileReader reader, BucketFilePart header)
    {
        if (reader.ReadPlaces(header, _rows.Spec.Name, _rows.Spec.RowCount) is not { } rows)
        {
            reader.Read(_rows.Rows);
            reader.Read(_rows.States);
            _changed.AddAll();
            return;
        }

        foreach (long row in rows)
            reader.Read(_rows.RowBytes(row));
        foreach (long row in rows)
            reader.Read(_rows.State(row));
        _changed.Add(rows);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _rows.Dispose();
        _rows.Spec.Mask?.Dispose();
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
