using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>The rows that a phase trains, wherever they are. What works on whole tables, such as a method between two steps or a checkpoint,
/// works on a copy in this process.</summary>
/// <remarks>Not thread-safe but for reading.</remarks>
internal abstract class PhaseRows : IDisposable
{
    /// <summary>What steps read and update.</summary>
    public abstract IRowStore Store { get; }

    /// <summary>Number of the step and learning rate of the updates.</summary>
    public abstract SparseOptimizer Optimizer { get; }

    /// <summary>All rows in this process, as they were at the last <see cref="Pull"/> or <see cref="Push"/>.</summary>
    public abstract MemoryRowStore Local { get; }

    /// <summary>Share of updated rows that were in a cache; null without one.</summary>
    public virtual double? CacheHitRate => null;

    /// <summary>Planned mini-batches that may be prefetched while one is at work.</summary>
    public virtual int Lookahead => 0;

    /// <summary>Starts to read the rows of a planned mini-batch that is still to come.</summary>
    /// <param name="batches">Its rows.</param>
    public virtual void Prefetch(ReadOnlySpan<RowBatch> batches)
    {
    }

    /// <summary>Waits for updates on their way and gives up what was prefetched.</summary>
    public virtual void Settle()
    {
    }

    /// <summary>Does work on the leader that reads or replaces rows; the other workers wait until it is done. All of them call this.</summary>
    /// <param name="work">The work.</param>
    public abstract void Lead(Action work);

    /// <summary>Brings <see cref="Local"/> up to date, with the state of the optimiser.</summary>
    /// <returns><see cref="Local"/>.</returns>
    public abstract MemoryRowStore Pull();

    /// <summary>Makes <see cref="Local"/>, with the state of the optimiser, what is trained.</summary>
    public abstract void Push();

    /// <summary>Visits all rows with the state of their optimiser: table after table, a large one in parts, so that they need not fit
    /// the memory of this process.</summary>
    /// <param name="visit">Receives consecutive rows, which are its own until it returns.</param>
    public abstract void Read(Action<RowTable> visit);

    /// <summary>Replaces all rows with the state of their optimiser, in the order of <see cref="Read"/>.</summary>
    /// <param name="fill">Fills consecutive rows.</param>
    public abstract void Write(Action<RowTable> fill);

    /// <summary>Leaves the rows on the nodes, if they are there, when these are disposed.</summary>
    public virtual void Keep()
    {
    }

    /// <summary>Frees the rows.</summary>
    public abstract void Dispose();

    /// <summary>Visits parts of all tables whose rows are not set.</summary>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="visit">Receives the index of a table and room for consecutive rows.</param>
    protected void VisitParts(ulong seed, Action<int, RowTable> visit) => TableParts.Visit(Store.Tables, Optimizer, seed, isFilled: false, visit);
}
