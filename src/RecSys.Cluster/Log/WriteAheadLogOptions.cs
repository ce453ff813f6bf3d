namespace RecSys.Cluster.Log;

/// <summary>Settings of a <see cref="WriteAheadLog"/>. They may differ from one opening of a log to the next.</summary>
public sealed class WriteAheadLogOptions
{
    /// <summary>Largest value of <see cref="MaxRecordByteCount"/>.</summary>
    public const int LargestRecordByteCount = 1 << 30;

    /// <summary>Size at which a new segment file begins; a record that is larger has a segment of its own.</summary>
    /// <value>At least 4 KiB; default 256 MiB.</value>
    public long SegmentByteCount { get; init; } = 256L << 20;

    /// <summary>Largest payload of a record in bytes. A log that holds a larger one cannot be opened.</summary>
    /// <value>From 1 byte to <see cref="LargestRecordByteCount"/>; default 256 MiB.</value>
    public int MaxRecordByteCount { get; init; } = 256 << 20;

    /// <summary>How long a flush waits for further records before it starts. More records share a flush, and each waits longer.</summary>
    /// <value>Not negative, at most a minute; default zero.</value>
    public TimeSpan GroupDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Identity of a new log; null draws one at random.</summary>
    internal ulong? LogId { get; init; }

    /// <summary>Called before each change of a file; an exception takes the place of the operation.</summary>
    internal Action<LogOperation>? Probe { get; init; }

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentByteCount, 4096, nameof(SegmentByteCount));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecordByteCount, 1, nameof(MaxRecordByteCount));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxRecordByteCount, LargestRecordByteCount, nameof(MaxRecordByteCount));
        ArgumentOutOfRangeException.ThrowIfLessThan(GroupDelay, TimeSpan.Zero, nameof(GroupDelay));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(GroupDelay, TimeSpan.FromMinutes(1), nameof(GroupDelay));
    }
}
