using RecSys.Embeddings;

namespace RecSys.Training;

/// <summary>Memory of the embeddings of a run.</summary>
/// <param name="Serving">Rows and auxiliary data needed to answer look-ups.</param>
/// <param name="Auxiliary">The part of <paramref name="Serving"/> that is not rows: masks, codes, maps.</param>
/// <param name="Training">Rows, auxiliary data, the sparse optimiser's state and the gradients of a mini-batch, in the phase that needs most.</param>
/// <param name="Full">Full fp32 tables of the same vocabulary and width.</param>
public sealed record EmbeddingBytes(long Serving, long Auxiliary, long Training, long Full)
{
    /// <summary>Adds up the ledgers of a network's sets.</summary>
    /// <param name="ledgers">One ledger per set.</param>
    /// <param name="full">Bytes of full tables.</param>
    public static EmbeddingBytes Of(IReadOnlyList<ByteLedger> ledgers, long full)
        => new(ledgers.Sum(l => l.Serve), ledgers.Sum(l => l.Auxiliary), ledgers.Sum(l => l.TrainingPeak), full);

    /// <summary>Serving bytes over full bytes: smaller is tighter.</summary>
    public double CompressionRatio => (double)Serving / Full;
}
