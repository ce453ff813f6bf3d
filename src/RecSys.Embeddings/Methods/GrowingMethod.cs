using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Tables that follow the ids of the log: an id gets a row after the step in which it was first seen, and loses it when ids that come later
/// need it more. Ids without a row read one that their field has for all of them; it is trained by what is new, and new rows begin with it.
/// </summary>
/// <remarks>
/// A fixed number of rows in buckets of a hash table, with eviction inside a bucket, is what NVIDIA's HierarchicalKV (2022) has, with 8 rows to a
/// bucket here instead of 128. Ids are taken in by the order of the mini-batch, so a run gives the same bits again.
/// </remarks>
internal sealed class GrowingMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "growing";

    /// <inheritdoc/>
    public override string Description => "One table: h rows of width d that ids of any field take as they come, in buckets of 8 from the one used least or longest ago, and a row per field for the others; the keys.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·(h + F) + h·⌈log₂(Σn + 1)⌉/8, at most the budget; while training 4·h more";

    /// <inheritdoc/>
    public override string Source => "NVIDIA HierarchicalKV, 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["evict", "admission"];

    /// <inheritdoc/>
    public override int StepInterval => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("train", Epochs: null, ChangesAddressing: true) { RebuildsTables = true }, new("serve", Epochs: 0)];

    /// <inheritdoc/>
    public override PhaseEnd? BeforeEpoch(PhaseContext context)
    {
        long rowCount = RowCount(context.Request);
        return context.Request.State is { Phase: 0, Arrays.Count: 0 } && rowCount > 0
            ? new PhaseEnd(new MethodState(phase: 0, RowCache.Create(rowCount, KeyBits(context.Request))), Fill: null)
            : null;
    }

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        if (CacheOf(context.Layout) is not { } cache)
            return false;
        bool countsUses = CountsUses(context.Request);
        double admission = Admission(context.Request);
        ulong salt = RowHash.Mix(RowHash.Salt(context.Request.HashSeed, Name, 1) + (ulong)context.Step);
        RowTable table = context.Tables[0];
        float[] values = new float[table.Spec.Width];
        foreach (IdNotes notes in context.Notes)
        {
            var addressing = (HotColdAddressing)context.Layout.Of(notes.Field).Sources[1].Addressing!;
            foreach (long id in notes.Ids.Span)
            {
                long key = addressing.FirstKey + id;
                if (cache.Touch(key, (uint)context.Step, countsUses) || !IsAdmitted(key, salt, admission))
                    continue;
                long row = cache.TakeIn(key, (uint)context.Step, countsUses);
                if (row < 0)
                    continue;
                table.ReadRow(addressing.FirstRow, values);
                table.RestartRow(row, values);
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
        => new(new MethodState(phase: 1, CacheOf(context.Layout)?.Keys()), tables => PhaseRows.CopyByName(context.Tables, tables));

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        long rowCount = RowCount(request);
        CountsUses(request);
        Admission(request);
        var builder = new LayoutBuilder(request);
        if (IsFull(request))
        {
            foreach (EmbeddingField field in request.Fields)
                builder.AddFull(field);
            return builder.Build();
        }

        int table = builder.AddTable(Name, rowCount + request.Fields.Count, request.Dimension, InitializerScaling.ForShared(request.Fields.Select(request.Initializer)));
        RowCache? cache = rowCount == 0 || request.State.Arrays.Count == 0 ? null : new RowCache(request.State, rowCount, RowHash.Salt(request.HashSeed, Name, 0));
        var combination = new GradientNormCombination(request.Dimension);
        var addressings = new HotColdAddressing[request.Fields.Count];
        long firstKey = 0;
        long fieldRow = rowCount;
        foreach (int i in RowAllocation.InOrder(request.Fields))
        {
            addressings[i] = new HotColdAddressing(cache, firstKey, fieldRow++, new HashAddressing(request, request.Fields[i], 0, rowCount: 1));
            firstKey += request.Fields[i].VocabularySize;
        }

        for (int i = 0; i < addressings.Length; i++)
        {
            var row = new RowSource(table, addressings[i]);
            if (request.State.Phase > 0)
                builder.AddField(request.Fields[i], row);
            else
                builder.AddField(request.Fields[i], combination, RowSource.Code(IdentityAddressing.Instance), row);
        }

        long keys = PackedArray.ByteCountOf(rowCount, KeyBits(request));
        return builder.Build(((rowCount + request.Fields.Count) * request.RowByteCount(request.Dimension)) + keys, keys);
    }

    // A row per field, and whole buckets of what is left.
    private long RowCount(MethodRequest request)
    {
        long rowByteCount = request.RowByteCount(request.Dimension);
        long smallest = request.Fields.Count * rowByteCount;
        request.RequireBytes(Name, smallest);
        if (request.Fields.Sum(f => f.VocabularySize) >= uint.MaxValue)
            throw new ArgumentException($"Method '{Name}' keeps ids in 32 bits; all fields together must have fewer than {uint.MaxValue} ids.");
        if (IsFull(request))
            return 0;
        long available = request.BudgetByteCount - smallest - PackedArray.ByteCountOf(1, KeyBits(request));
        return Math.Max(0, 8 * available / ((8 * rowByteCount) + KeyBits(request))) / RowCache.Ways * RowCache.Ways;
    }

    private static bool IsFull(MethodRequest request) => request.BudgetByteCount >= request.Fields.Sum(request.FullRowsByteCount);

    private static RowCache? CacheOf(MethodLayout layout) => (layout.Fields[0].Sources[^1].Addressing as HotColdAddressing)?.Hot as RowCache;

    private static int KeyBits(MethodRequest request) => PackedArray.BitsFor(request.Fields.Sum(f => f.VocabularySize));

    private static bool CountsUses(MethodRequest request) => request.Options.GetChoice("evict", "lfu", "lru") == "lfu";

    // By chance, the same for all occurrences of an id in a step.
    private static bool IsAdmitted(long key, ulong salt, double admission)
        => admission == 1 || RowHash.Mix((ulong)key ^ salt) < admission * ulong.MaxValue;

    private static double Admission(MethodRequest request) => request.Options.GetFraction("admission", 1);
}
