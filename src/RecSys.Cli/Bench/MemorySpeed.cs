namespace RecSys.Cli.Bench;

/// <summary>What the memory does, measured in C. Medians.</summary>
/// <param name="Threads">Threads of all measurements.</param>
/// <param name="CopyGigabytesPerSecond">Long copies, bytes read and written counted, without and with streaming stores: the faster one.</param>
/// <param name="StreamingStores">The faster copy used streaming stores.</param>
/// <param name="LineMillionPerSecond">Random reads of aligned cache lines of 64 bytes.</param>
/// <param name="RowMillionPerSecond">Random reads of rows.</param>
/// <param name="UpdateMillionPerSecond">Random reads and writes of rows, with a gradient read for each.</param>
/// <param name="PrefetchDistance">Rows ahead that reads ask for memory: the fastest of several distances.</param>
/// <param name="UpdatePrefetchDistance">The same for updates.</param>
internal sealed record MemorySpeed(
    int Threads,
    double CopyGigabytesPerSecond,
    bool StreamingStores,
    double LineMillionPerSecond,
    double RowMillionPerSecond,
    double UpdateMillionPerSecond,
    int PrefetchDistance,
    int UpdatePrefetchDistance)
{
    /// <summary>Name of the event that carries it.</summary>
    public const string Event = "memory";
}
