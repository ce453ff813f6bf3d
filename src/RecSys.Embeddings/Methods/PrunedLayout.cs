using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>What methods that prune single numbers have in common: one row per id, of which a mask says what is kept.</summary>
internal static class PrunedLayout
{
    /// <summary>Numbers that a budget has room for, over all fields; what masks need is paid first.</summary>
    /// <param name="request">The request.</param>
    /// <param name="method">Name of the method.</param>
    /// <exception cref="BudgetException">The budget has not even room for the masks and one number.</exception>
    /// <exception cref="ArgumentException">Another precision than fp32 is asked for.</exception>
    public static long KeptCount(MethodRequest request, string method)
    {
        if (request.Precision.Format != RowFormat.Fp32)
            throw new ArgumentException($"Method '{method}' keeps single numbers of fp32 and cannot be combined with rows of {request.Precision}; use precision: fp32.");
        long masks = MaskByteCount(request);
        request.RequireBytes(method, masks + sizeof(float));
        return Math.Min((request.BudgetByteCount - masks) / sizeof(float), request.Fields.Sum(f => f.VocabularySize) * request.Dimension);
    }

    /// <summary>Bytes of masks and kept numbers.</summary>
    public static long ByteCount(MethodRequest request, long keptCount) => MaskByteCount(request) + (keptCount * sizeof(float));

    /// <summary>Bytes of the masks of all fields.</summary>
    public static long MaskByteCount(MethodRequest request) => request.Fields.Sum(f => RowMask.ByteCountOf(f.VocabularySize * request.Dimension));

    /// <summary>The layout with the masks that the state holds.</summary>
    public static MethodLayout Build(MethodRequest request)
    {
        var builder = new LayoutBuilder(request);
        foreach (EmbeddingField field in request.Fields)
        {
            var mask = new RowMask(request.State.Array(field.Name, field.VocabularySize * request.Dimension));
            int table = builder.AddTable(field.Name, field.VocabularySize, request.Dimension, request.Initializer(field), mask);
            builder.AddField(field, new RowSource(table, IdentityAddressing.Instance));
        }

        return builder.Build();
    }

    /// <summary>The state with one mask per field.</summary>
    /// <param name="request">The request.</param>
    /// <param name="phase">Phase of the state.</param>
    /// <param name="masks">One per field.</param>
    public static MethodState State(MethodRequest request, int phase, IReadOnlyList<PackedArray> masks)
        => new(phase, request.Fields.Zip(masks).ToDictionary(m => m.First.Name, m => m.Second));

    /// <summary>Copies the rows of a full table per field into the masked ones.</summary>
    public static void Copy(IReadOnlyList<RowTable> full, IReadOnlyList<RowTable> masked)
    {
        for (int t = 0; t < full.Count; t++)
        {
            for (long row = 0; row < full[t].Spec.RowCount; row++)
                masked[t].WriteRow(row, full[t].Row(row));
        }
    }
}
