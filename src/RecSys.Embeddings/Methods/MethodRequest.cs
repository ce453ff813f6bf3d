using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>What a method is asked to lay out.</summary>
/// <param name="SetName">Name of the embedding set; prefix of the tables' names.</param>
/// <param name="Fields">Fields to store.</param>
/// <param name="Dimension">Width of the vectors handed to the model, ≥ 1.</param>
/// <param name="Budget">Serving bytes allowed for all <paramref name="Fields"/> together.</param>
/// <param name="HashSeed">Seed of all hashes; saved with the model. Independent of the training seed.</param>
/// <param name="Initializer">First values a full table of a field would get; methods that compose rows scale theirs to the same variance.</param>
/// <param name="Options">Further options of the method.</param>
public sealed record MethodRequest(
    string SetName,
    IReadOnlyList<EmbeddingField> Fields,
    int Dimension,
    Budget Budget,
    ulong HashSeed,
    Func<EmbeddingField, Initializer> Initializer,
    MethodOptions Options)
{
    /// <summary>How rows are kept, where that makes them smaller.</summary>
    /// <value>fp32 by default.</value>
    public RowPrecision Precision { get; init; } = RowPrecision.Fp32;

    /// <summary>What the method has decided so far.</summary>
    /// <value>The state before the first step by default.</value>
    public MethodState State { get; init; } = MethodState.Start;

    /// <summary>Bytes of a full fp32 table of every field: what a budget fraction refers to, whatever the precision.</summary>
    public long FullByteCount => Fields.Sum(f => f.VocabularySize) * Dimension * sizeof(float);

    /// <summary>The budget in bytes.</summary>
    public long BudgetByteCount => Budget.Resolve(FullByteCount);

    /// <summary>Bytes of a row of this precision.</summary>
    /// <param name="width">Numbers per row.</param>
    public int RowByteCount(int width) => Precision.For(width).RowByteCount(width);

    /// <summary>Bytes of one row of full width per id of a field, in this precision.</summary>
    /// <param name="field">The field.</param>
    public long FullRowsByteCount(EmbeddingField field) => field.VocabularySize * RowByteCount(Dimension);

    /// <summary>Widths of the slices of a vector that is put together from several rows; where they cannot be equal, the first are wider by one.</summary>
    /// <param name="count">Number of slices, at most the dimension.</param>
    internal int[] Slices(int count)
        => [.. Enumerable.Range(0, count).Select(j => (Dimension / count) + (j < Dimension % count ? 1 : 0))];

    /// <summary>Fails when the budget is below the smallest size of a method.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="smallestByteCount">Smallest bytes it can reach.</param>
    internal void RequireBytes(string method, long smallestByteCount)
    {
        if (BudgetByteCount < smallestByteCount)
            throw new BudgetException(method, BudgetByteCount, smallestByteCount, FullByteCount);
    }

    /// <summary>Rows per field, in proportion to the vocabularies, that use up the budget; at least one per field.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="rowByteCount">Bytes of a row; of all its slices, if it has several.</param>
    internal long[] ProportionalRows(string method, int rowByteCount)
    {
        RequireBytes(method, (long)Fields.Count * rowByteCount);
        return RowAllocation.Proportional(Fields, BudgetByteCount / rowByteCount);
    }
}
