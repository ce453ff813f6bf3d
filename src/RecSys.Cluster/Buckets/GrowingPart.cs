using System.Buffers;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Buckets;

/// <summary>Rows of a growing table, for those ids of the bucket that have one. A key is an id.</summary>
/// <remarks>
/// Nothing but updates changes it, so that the same updates in the same order give the same bits, be they sent or read from a log. Each that
/// names ids of the table is a step of its policies. Its clock is the number of the training step, or the highest one before: workers may
/// overtake each other.
/// </remarks>
internal sealed class GrowingPart : BucketPart
{
    // Of more ids that lost their rows between two files it is not noted which they were: a table may see ids without end.
    private const int MostEvicted = 1 << 12;

    private readonly ShardedModel _model;
    private readonly int _index;
    private readonly int _bucket;
    private readonly GrowingTable _table;

    // Slots with another id, row or use. A slot in use is only ever given to another id, never freed, so each of them has an id.
    private readonly RowSet _changed;

    // Ids that lost their rows.
    private readonly List<long> _evicted = [];
    private bool _isEvictedKnown = true;
    private bool _hasChanges;

    /// <summary>Creates the part; it has no rows yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    public GrowingPart(ShardedModel model, int table, int bucket, SparseOptimizer optimizer)
    {
        var spec = model.BucketsOf(table).PartOf(bucket);
        _model = model;
        _index = table;
        _bucket = bucket;
        _table = new GrowingTable(spec, optimizer, model.Seed);
        _changed = new RowSet(spec.RowCount);
    }

    /// <inheritdoc/>
    public override long ByteCount => _table.Bytes.Training + _changed.ByteCount;

    /// <inheritdoc/>
    public override bool HasChanges => _hasChanges;

    /// <inheritdoc/>
    /// <remarks>Ids that have lost their rows are among them, and those that have got one.</remarks>
    public override TableChanges? Changes => _isEvictedKnown ? new TableChanges(_index, [.. _changed.ToArray().Select(_table.IdOf), .. _evicted]) : null;

    /// <summary>What became of its ids.</summary>
    public GrowingState State
    {
        get
        {
            var counters = _table.Counters;
            return new GrowingState(_table.Spec.Name, _table.Spec.RowCount, _table.Count, counters.Admitted, counters.Expired + counters.Displaced, counters.NotYetAdmitted, counters.RejectedFull);
        }
    }

    /// <inheritdoc/>
    public override void Gather(ReadOnlySpan<long> keys, Span<float> values) => _table.GatherAhead(keys, values);

    /// <inheritdoc/>
    public override void Update(SparseOptimizer optimizer, ReadOnlySpan<long> keys, ReadOnlySpan<float> gradients)
    {
        long[] rented = ArrayPool<long>.Shared.Rent(keys.Length);
        var slots = rented.AsSpan(0, keys.Length);
        _table.BeginStep(Math.Max(_table.Now, optimizer.StepCount));
        _table.Resolve(keys, slots);
        NoteEvicted();
        if (slots.Contains(-1))
        {
            float[] kept = ArrayPool<float>.Shared.Rent(gradients.Length);
            int count = Keep(slots, gradients, kept);
            slots = slots[..count];
            optimizer.Update(_table.Rows, slots, kept.AsSpan(0, count * _table.Spec.Width));
            ArrayPool<float>.Shared.Return(kept);
        }
        else
        {
            optimizer.Update(_table.Rows, slots, gradients);
        }

        _changed.Add(slots);
        ArrayPool<long>.Shared.Return(rented);
    }

    /// <inheritdoc/>
    public override void ForgetChanges()
    {
        _changed.Clear();
        _evicted.Clear();
        _isEvictedKnown = true;
        _hasChanges = false;
    }

    /// <inheritdoc/>
    /// <remarks>What waits for admission belongs to no row and is written whole.</remarks>
    public override void Write(BucketFileWriter writer, bool onlyChanges)
    {
        var slots = onlyChanges ? _changed : _table.UsedSlots();
        writer.Write(new BucketFilePart(_index, onlyChanges ? 0 : 1, slots.Count));
        _table.Write(writer, slots);
    }

    /// <inheritdoc/>
    public override void Read(BucketFileReader reader, BucketFilePart header)
    {
        if (header.IsWhole is not (0 or 1) || (header.IsWhole == 1 && _table.Count > 0))
            throw reader.Damaged($"it holds rows of table '{_table.Spec.Name}' in a form that does not fit here");
        var slots = _table.Read(reader);
        if (slots.Count != header.Count)
            throw reader.Damaged($"it holds {slots.Count} rows of table '{_table.Spec.Name}', but says {header.Count}");
        foreach (long slot in slots)
        {
            long id = _table.IdOf(slot);
            if (_model.BucketsOf(_index).BucketOf(id) != _bucket)
                throw reader.Damaged($"it is not right: {_model.DescribeForeign(_index, _bucket, id)}");
            _changed.Add(slot);
        }

        NoteEvicted();
    }

    /// <inheritdoc/>
    public override void Dispose() => _table.Dispose();

    private void NoteEvicted()
    {
        _hasChanges = true;
        _isEvictedKnown &= _evicted.Count + _table.Evicted.Length <= MostEvicted;
        if (!_isEvictedKnown)
            return;
        foreach (var evicted in _table.Evicted)
            _evicted.Add(evicted.Id);
    }

    // Gradients of ids without a row, which have to wait or found no room, are dropped.
    private int Keep(Span<long> slots, ReadOnlySpan<float> gradients, Span<float> kept)
    {
        int width = _table.Spec.Width;
        int count = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] < 0)
                continue;
            gradients.Slice(i * width, width).CopyTo(kept[(count * width)..]);
            slots[count++] = slots[i];
        }

        return count;
    }
}
