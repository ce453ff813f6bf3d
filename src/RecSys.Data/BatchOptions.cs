namespace RecSys.Data;

/// <summary>How a split is cut into batches.</summary>
public sealed class BatchOptions
{
    /// <summary>Rows of a batch.</summary>
    /// <value>4096.</value>
    public int BatchSize { get; init; } = 4096;

    /// <summary>Whether parts and the rows within a part come in random order.</summary>
    /// <value>false.</value>
    public bool Shuffle { get; init; }

    /// <summary>Seed of the order.</summary>
    /// <value>0.</value>
    public long Seed { get; init; }

    /// <summary>Number of the epoch: each has another order.</summary>
    /// <value>0.</value>
    public int Epoch { get; init; }

    /// <summary>Batches of the epoch to leave out at its start: an interrupted epoch goes on exactly where it stopped.</summary>
    /// <value>0.</value>
    public long SkipBatches { get; init; }

    /// <summary>Whether a last batch that is not full is left out.</summary>
    /// <value>false.</value>
    public bool DropLast { get; init; }

    /// <summary>Batches that are filled ahead of the consumer.</summary>
    /// <value>4.</value>
    public int PrefetchCount { get; init; } = 4;

    /// <summary>Called for every batch on the reader's thread once it is filled: work that may run ahead, such as planning look-ups.</summary>
    /// <value>null: nothing.</value>
    public Action<Batch>? OnBatch { get; init; }

    /// <summary>Most rows of the epoch.</summary>
    /// <value>null: all.</value>
    public long? MaxRows { get; init; }

    /// <summary>Number of this reader among <see cref="WorkerCount"/> that share an epoch, from 0: it gets every <see cref="WorkerCount"/>-th batch.</summary>
    /// <value>0.</value>
    public int Worker { get; init; }

    /// <summary>Readers that share an epoch of a prepared data set. All get the same number of batches; what does not come out even is left out.</summary>
    /// <value>1.</value>
    public int WorkerCount { get; init; } = 1;

    internal void ThrowIfWrong()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(SkipBatches);
        ArgumentOutOfRangeException.ThrowIfNegative(Epoch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PrefetchCount);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRows ?? 0, nameof(MaxRows));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(WorkerCount);
        ArgumentOutOfRangeException.ThrowIfNegative(Worker);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Worker, WorkerCount);
    }

    /// <summary>Number of batches that a number of rows gives to a reader, those skipped included.</summary>
    internal long CountBatches(long rowCount)
    {
        long rows = Math.Min(rowCount, MaxRows ?? long.MaxValue);
        return (DropLast ? rows / BatchSize : (rows + BatchSize - 1) / BatchSize) / WorkerCount;
    }
}
