using RecSys.Embeddings;

namespace RecSys.Training;

/// <summary>Memory of the embeddings of a run.</summary>
/// <param name="Serving">Rows and auxiliary data needed to answer look-ups.</param>
/// <param name="Auxiliary">The part of <paramref name="Serving"/> that is not rows: masks, codes, maps.</param>
/// <param name="Training">Rows, auxiliary data, the sparse optimiser's state and the gradients of a mini-batch, in the phase that needs most.</param>
/// <param name="Disk">Rows, auxiliary data and optimiser state in the files of a checkpoint, without their headers, in the phase that needs most.</param>
/// <param name="Full">Full fp32 tables of the same vocabulary and width.</param>
public sealed record EmbeddingBytes(long Serving, long Auxiliary, long Training, long Disk, long Full)
{
    // The sparse optimiser's number of steps, once a checkpoint.
    private const int StepCountBytes = sizeof(long);

    /// <summary>Adds up the ledgers of a network's sets.</summary>
    /// <param name="ledgers">One ledger per set.</param>
    /// <param name="full">Bytes of full tables.</param>
    public static EmbeddingBytes Of(IReadOnlyList<ByteLedger> ledgers, long full) => new(
        ledgers.Sum(l => l.Serve),
        ledgers.Sum(l => l.ServeAuxiliary),
        ledgers.Sum(l => l.TrainingPeak),
        ledgers.Sum(l => l.Disk) + StepCountBytes,
        full);

    /// <summary>The bytes of a network that is only served: no state of an optimiser, no gradients.</summary>
    /// <param name="ledgers">One ledger per set.</param>
    /// <param name="full">Bytes of full tables.</param>
    public static EmbeddingBytes OfServed(IReadOnlyList<ByteLedger> ledgers, long full) => new(
        ledgers.Sum(l => l.Serve),
        ledgers.Sum(l => l.ServeAuxiliary),
        ledgers.Sum(l => l.Parameters + l.Auxiliary),
        ledgers.Sum(l => l.Parameters + l.Stored),
        full);

    /// <summary>The bytes of a phase after another one: what is served is its own, what training takes is the larger.</summary>
    /// <param name="training">Largest training bytes of the phases before.</param>
    /// <param name="disk">Largest bytes of a checkpoint of the phases before.</param>
    public EmbeddingBytes After(long training, long disk) => this with { Training = Math.Max(Training, training), Disk = Math.Max(Disk, disk) };

    /// <summary>Serving bytes over full bytes: smaller is tighter.</summary>
    public double CompressionRatio => (double)Serving / Full;
}
