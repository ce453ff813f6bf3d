using System.Numerics;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster;

/// <summary>The rows of one table in one bucket, and which of them have changed since the last file of a chain. Not thread-safe.</summary>
internal sealed class BucketPart : IDisposable
{
    private readonly PackedArray? _maskBits;
    private readonly int _table;

    // A bit per row.
    private readonly ulong[] _changed;

    /// <summary>Creates the part.</summary>
    /// <param name="model">The model.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="bucket">Number of the bucket, which has rows of the table.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="isFilled">Whether the rows get their first values.</param>
    public BucketPart(ShardedModel model, int table, int bucket, SparseOptimizer optimizer, bool isFilled)
    {
        var spec = model.BucketsOf(table).PartOf(bucket);
        _table = table;
        _changed = new ulong[(spec.RowCount + 63) / 64];
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

    /// <summary>Bytes of rows, mask, state and notes of changes.</summary>
    public long ByteCount => Rows.Rows.ByteCount + Rows.States.ByteCount + (Rows.Spec.Mask?.ByteCount ?? 0) + (_changed.Length * sizeof(ulong));

    /// <summary>Whether any row has changed.</summary>
    public bool HasChanges => _changed.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The rows that have changed.</summary>
    public TableChanges Changes => new(_table, [.. ChangedRows()]);

    /// <summary>Updates rows.</summary>
    /// <param name="optimizer">The optimiser, in a step.</param>
    /// <param name="rows">Rows of the part.</param>
    /// <param name="gradients">Their gradients, [rows × width].</param>
    public void Update(SparseOptimizer optimizer, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
    {
        optimizer.Update(Rows, rows, gradients);
        NoteChanges(rows);
    }

    /// <summary>Puts rows and their states into place.</summary>
    /// <param name="rows">Rows of the part.</param>
    /// <param name="raw">The rows as they are kept, and their states.</param>
    public void Import(ReadOnlySpan<long> rows, ShardRequest.RawRows raw)
    {
        RawRowCopy.Import(Rows, rows, raw);
        NoteChanges(rows);
    }

    /// <summary>The rows are in a file of the chain.</summary>
    public void ForgetChanges() => Array.Clear(_changed);

    /// <summary>Writes all rows, or those that have changed.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="onlyChanges">Whether rows that have not changed are left out; with a mask rows have no places, so all are written.</param>
    public void Write(BucketFileWriter writer, bool onlyChanges)
    {
        if (!onlyChanges || Rows.Spec.Mask is not null)
        {
            writer.Write(new BucketFilePart(_table, 1, Rows.Spec.RowCount));
            writer.Write(Rows.Rows);
            writer.Write(Rows.States);
            return;
        }

        long[] rows = [.. ChangedRows()];
        writer.Write(new BucketFilePart(_table, 0, rows.Length));
        writer.Write<long>(rows);
        foreach (long row in rows)
            writer.Write<byte>(Rows.RowBytes(row));
        foreach (long row in rows)
            writer.Write<float>(Rows.State(row));
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="header">Its header of the part.</param>
    /// <exception cref="InvalidDataException">The rows do not fit.</exception>
    public void Read(BucketFileReader reader, BucketFilePart header)
    {
        if (header.IsWhole == 1 && header.Count == Rows.Spec.RowCount)
        {
            reader.Read(Rows.Rows);
            reader.Read(Rows.States);
            _changed.AsSpan().Fill(ulong.MaxValue);
            return;
        }

        if (header.IsWhole != 0 || header.Count < 0 || header.Count > Rows.Spec.RowCount)
            throw reader.Damaged($"it holds {header.Count} rows of table '{Rows.Spec.Name}', which has {Rows.Spec.RowCount} in the bucket");
        long[] rows = new long[header.Count];
        reader.Read<long>(rows);
        if (rows.Any(r => (ulong)r >= (ulong)Rows.Spec.RowCount))
            throw reader.Damaged($"it holds a row of table '{Rows.Spec.Name}' that the bucket has not");
        foreach (long row in rows)
            reader.Read(Rows.RowBytes(row));
        foreach (long row in rows)
            reader.Read(Rows.State(row));
        NoteChanges(rows);
    }

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

    private void NoteChanges(ReadOnlySpan<long> rows)
    {
        foreach (long row in rows)
            _changed[row >> 6] |= 1UL << (int)(row & 63);
    }

    private IEnumerable<long> ChangedRows()
    {
        for (int word = 0; word < _changed.Length; word++)
        {
            for (ulong bits = _changed[word]; bits != 0; bits &= bits - 1)
            {
                long row = ((long)word * 64) + BitOperations.TrailingZeroCount(bits);
                if (row < Rows.Spec.RowCount)
                    yield return row;
            }
        }
    }
}
