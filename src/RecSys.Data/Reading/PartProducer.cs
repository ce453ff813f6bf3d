using RecSys.Data.Interop;

namespace RecSys.Data.Reading;

/// <summary>
/// Fills batches from parts, one part in memory at a time. Shuffled, the parts come in an order of their own for each
/// (seed, epoch), and so do the rows of each part: every row once, and the same order on every machine.
/// </summary>
internal sealed class PartProducer : IBatchProducer
{
    private readonly DuckDatabase _database;
    private readonly IReadOnlyList<Part> _parts;
    private readonly BatchOptions _options;
    private readonly PartBuffer _buffer;
    private readonly int[] _partOrder;
    private int[] _rowOrder = [];
    private int _nextPart;
    private int _nextRow;
    private long _remaining;

    internal PartProducer(DataSchema schema, BatchOptions options, DuckDatabase database, IReadOnlyList<Part> parts)
    {
        _options = options;
        _database = database;
        _parts = parts;
        _buffer = new PartBuffer(schema);
        _partOrder = Order(parts.Count, -1);
        long rowCount = parts.Sum(part => (long)part.RowCount);
        long batches = options.CountBatches(rowCount) * options.WorkerCount;
        _remaining = Math.Min(batches * options.BatchSize, Math.Min(rowCount, options.MaxRows ?? rowCount));
        Skip(((options.SkipBatches * options.WorkerCount) + options.Worker) * options.BatchSize);
    }

    public bool Fill(Batch batch)
    {
        if (_remaining == 0)
            return false;
        while (batch.Size < batch.Capacity && _remaining > 0)
        {
            if (_nextRow == _rowOrder.Length)
                Load();
            int count = (int)Math.Min(Math.Min(batch.Capacity - batch.Size, _rowOrder.Length - _nextRow), _remaining);
            _buffer.CopyTo(_rowOrder.AsSpan(_nextRow, count), batch);
            _nextRow += count;
            _remaining -= count;
        }

        Skip((_options.WorkerCount - 1L) * _options.BatchSize);
        return true;
    }

    public void Dispose() => _database.Dispose();

    // Parts that lie wholly before the next row wanted are not even opened.
    private void Skip(long rowCount)
    {
        rowCount = Math.Min(rowCount, _remaining);
        _remaining -= rowCount;
        int loaded = (int)Math.Min(rowCount, _rowOrder.Length - _nextRow);
        _nextRow += loaded;
        rowCount -= loaded;
        while (_remaining > 0 && rowCount > 0 && rowCount >= _parts[_partOrder[_nextPart]].RowCount)
            rowCount -= _parts[_partOrder[_nextPart++]].RowCount;
        if (_remaining == 0 || rowCount == 0)
            return;
        Load();
        _nextRow = (int)rowCount;
    }

    private void Load()
    {
        int part = _partOrder[_nextPart++];
        _buffer.Load(_database, _parts[part]);
        _rowOrder = Order(_parts[part].RowCount, part);
        _nextRow = 0;
    }

    private int[] Order(int count, int stream)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        if (_options.Shuffle)
            new SplitMix(SplitMix.Combine((ulong)_options.Seed, (ulong)_options.Epoch, (ulong)(stream + 1))).Shuffle(order);
        return order;
    }
}
