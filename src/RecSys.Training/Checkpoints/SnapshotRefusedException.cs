namespace RecSys.Training.Checkpoints;

/// <summary>A snapshot of rows that cannot be put over those of a checkpoint: damaged, out of order, or of another model. The message names the file.</summary>
public sealed class SnapshotRefusedException : CheckpointException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="goodCount">Snapshots before it, which can be.</param>
    /// <param name="inner">What is wrong with it.</param>
    public SnapshotRefusedException(int goodCount, InvalidDataException inner)
        : base(inner.Message, inner) => GoodCount = goodCount;

    /// <summary>Snapshots before it, which can be put over the rows.</summary>
    public int GoodCount { get; }
}
