using RecSys.Embeddings.Tables;

namespace RecSys.Cli.Bench;

/// <summary>A way to keep rows, as its clients call it.</summary>
/// <param name="Name">Name in the results.</param>
/// <param name="Gathers">Reads the rows of a batch, per client; empty when only updates are measured.</param>
/// <param name="Applies">Updates the rows of a batch, per client.</param>
/// <param name="IsStore">Whether it trains rows, so that its values are those of every other that does.</param>
internal sealed record ClusterSide(string Name, IReadOnlyList<Action<RowBatch>> Gathers, IReadOnlyList<Action<RowBatch>> Applies, bool IsStore)
{
    /// <summary>A side whose clients are row stores.</summary>
    /// <param name="name">Name in the results.</param>
    /// <param name="stores">A store per client.</param>
    /// <param name="onlyApply">Whether only updates are measured.</param>
    public static ClusterSide Of(string name, IEnumerable<IRowStore> stores, bool onlyApply = false)
        => new(name, onlyApply ? [] : [.. stores.Select(s => (Action<RowBatch>)(batch => s.Gather([batch])))], [.. stores.Select(s => (Action<RowBatch>)(batch => s.Apply([batch])))], IsStore: true);
}
