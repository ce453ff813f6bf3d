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
    /// <summary>Bytes of a full fp32 table of every field: what a budget fraction refers to.</summary>
    public long FullByteCount => Fields.Sum(f => f.VocabularySize) * Dimension * sizeof(float);

    /// <summary>The budget in whole fp32 numbers.</summary>
    public long BudgetFloats => Budget.Resolve(FullByteCount) / sizeof(float);

    /// <summary>Fails when the budget is below the smallest size of a method.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="smallestByteCount">Smallest bytes it can reach.</param>
    internal void RequireBytes(string method, long smallestByteCount)
    {
        long asked = Budget.Resolve(FullByteCount);
        if (asked < smallestByteCount)
            throw new BudgetException(method, asked, smallestByteCount, FullByteCount);
    }

    /// <summary>Rows of full width per field, in proportion to the vocabularies, that use up the budget; at least one per field.</summary>
    /// <param name="method">Name of the method.</param>
    internal long[] ProportionalRows(string method)
    {
        RequireBytes(method, (long)Fields.Count * Dimension * sizeof(float));
        return RowAllocation.Proportional(Fields, BudgetFloats / Dimension);
    }
}
