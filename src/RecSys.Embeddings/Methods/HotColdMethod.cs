using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Methods in which ids come to rows of their own between steps, and the other ids of a field share rows: one table with the rows of ids first,
/// found by keys that number the ids of all fields.
/// </summary>
internal abstract class HotColdMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public sealed override int StepInterval => 1;

    /// <inheritdoc/>
    public sealed override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("train", Epochs: null, ChangesAddressing: true) { RebuildsTables = true }, new("serve", Epochs: 0)];

    /// <inheritdoc/>
    public sealed override PhaseEnd? BeforeEpoch(PhaseContext context)
    {
        long hotCount = HotCount(context.Request);
        return context.Request.State is { Phase: 0, Arrays.Count: 0 } && hotCount > 0
            ? new PhaseEnd(new MethodState(phase: 0, CreateArrays(context.Request, hotCount)), Fill: null)
            : null;
    }

    /// <inheritdoc/>
    protected sealed override MethodLayout Lay(MethodRequest request)
    {
        CheckOptions(request);
        request.RequireBytes(Name, request.Fields.Count * (long)request.RowByteCount(request.Dimension));
        if (request.Fields.Sum(f => f.VocabularySize) >= uint.MaxValue)
            throw new ArgumentException($"Method '{Name}' keeps ids in 32 bits; all fields together must have fewer than {uint.MaxValue} ids.");
        var builder = new LayoutBuilder(request);
        if (IsFull(request))
        {
            foreach (EmbeddingField field in request.Fields)
                builder.AddFull(field);
            return builder.Build();
        }

        long hotCount = HotCount(request);
        long[] coldCounts = ColdCounts(request, hotCount);
        long rowCount = hotCount + coldCounts.Sum();
        int table = builder.AddTable(Name, rowCount, request.Dimension, InitializerScaling.ForShared(request.Fields.Select(request.Initializer)));
        var addressings = new HotColdAddressing[coldCounts.Length];
        HotRows? hot = hotCount == 0 || request.State.Arrays.Count == 0 ? null : Open(request, hotCount);
        long firstKey = 0;
        long firstRow = hotCount;
        foreach (int i in RowAllocation.InOrder(request.Fields))
        {
            addressings[i] = new HotColdAddressing(hot, firstKey, firstRow, new HashAddressing(request, request.Fields[i], 0, coldCounts[i]));
            firstKey += request.Fields[i].VocabularySize;
            firstRow += coldCounts[i];
        }

        var combination = new GradientNormCombination(request.Dimension);
        for (int i = 0; i < addressings.Length; i++)
        {
            var row = new RowSource(table, addressings[i]);
            if (request.State.Phase > 0)
                builder.AddField(request.Fields[i], row);
            else
                builder.AddField(request.Fields[i], combination, RowSource.Code(IdentityAddressing.Instance), row);
        }

        long keys = PackedArray.ByteCountOf(hotCount, KeyBits(request));
        return builder.Build((rowCount * request.RowByteCount(request.Dimension)) + keys, keys);
    }

    /// <summary>Fails when an option has an invalid value.</summary>
    protected abstract void CheckOptions(MethodRequest request);

    /// <summary>Bytes of the rows of ids and of their keys, where not all ids have one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="available">What is left when every field has one row.</param>
    protected abstract long HotBytes(MethodRequest request, long available);

    /// <summary>Rows of ids that are taken of those there is room for.</summary>
    protected virtual long WholeRows(long count) => count;

    /// <summary>Shared rows of each field.</summary>
    protected abstract long[] ColdCounts(MethodRequest request, long hotCount);

    /// <summary>What is noted of the ids while training.</summary>
    protected abstract Dictionary<string, PackedArray> CreateArrays(MethodRequest request, long hotCount);

    /// <summary>Finds rows of ids by the arrays of the request's state.</summary>
    protected abstract HotRows Open(MethodRequest request, long hotCount);

    /// <summary>Number of rows of ids; 0 where all ids have one anyway.</summary>
    protected long HotCount(MethodRequest request)
    {
        if (IsFull(request))
            return 0;
        long rowByteCount = request.RowByteCount(request.Dimension);
        long bytes = HotBytes(request, request.BudgetByteCount - (request.Fields.Count * rowByteCount)) - PackedArray.ByteCountOf(1, KeyBits(request));
        return WholeRows(Math.Max(0, 8 * bytes / ((8 * rowByteCount) + KeyBits(request))));
    }

    /// <summary>The rows of ids of a layout.</summary>
    protected static HotRows? HotOf(MethodLayout layout) => (layout.Fields[0].Sources[^1].Addressing as HotColdAddressing)?.Hot;

    /// <summary>Bits of a key, and of a number above all keys.</summary>
    protected static int KeyBits(MethodRequest request) => PackedArray.BitsFor(request.Fields.Sum(f => f.VocabularySize));

    private static bool IsFull(MethodRequest request) => request.BudgetByteCount >= request.Fields.Sum(request.FullRowsByteCount);
}
