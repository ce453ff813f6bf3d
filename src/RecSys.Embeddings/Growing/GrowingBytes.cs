using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

/// <summary>What a growing table costs in native memory, known before anything is allocated. Pages that no row has used take none yet.</summary>
/// <param name="Index">Finding the slot of an id: 12 bytes for each of 3/2 · capacity + 1 places.</param>
/// <param name="Policy">Training alone: the place of each slot, its last use, its score, ids that wait.</param>
/// <param name="Rows">Values of all rows.</param>
/// <param name="State">Optimiser state of all rows; with random rounding their ids too, 8 bytes each.</param>
public readonly record struct GrowingBytes(long Index, long Policy, long Rows, long State)
{
    /// <summary>Bytes a server needs.</summary>
    public long Serve => Index + Rows;

    /// <summary>Bytes while training.</summary>
    public long Training => Index + Policy + Rows + State;

    /// <summary>Computes the bytes of a table.</summary>
    /// <param name="spec">Shape and policies; <see cref="TableSpec.RowCount"/> is the capacity.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <exception cref="ArgumentException">The table is not a growing one.</exception>
    public static GrowingBytes Of(TableSpec spec, SparseOptimizer optimizer)
        => new(
            SlotMap.CountIndexBytes(spec.RowCount),
            SlotMap.CountPolicyBytes(spec.RowCount, GrowingTable.PoliciesOf(spec)),
            spec.ByteCount,
            spec.RowCount * ((optimizer.StateWidth(spec.Width) * sizeof(float)) + (spec.Precision.RoundsAtRandom ? sizeof(long) : 0)));
}
