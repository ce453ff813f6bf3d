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
internal sealed class GrowingMethod : HotColdMethod
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
    public override bool AfterStep(PhaseContext context)
    {
        if (HotOf(context.Layout) is not RowCache cache)
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
        => new(new MethodState(phase: 1, (HotOf(context.Layout) as RowCache)?.Keys()), tables => CarriedRows.CopyByName(context.Tables, tables));

    /// <inheritdoc/>
    protected override void CheckOptions(MethodRequest request)
    {
        CountsUses(request);
        Admission(request);
    }

    /// <inheritdoc/>
    protected override long HotBytes(MethodRequest request, long available) => available;

    /// <inheritdoc/>
    protected override long WholeRows(long count) => count / RowCache.Ways * RowCache.Ways;

    /// <inheritdoc/>
    protected override long[] ColdCounts(MethodRequest request, long hotCount) => [.. request.Fields.Select(_ => 1L)];

    /// <inheritdoc/>
    protected override Dictionary<string, PackedArray> CreateArrays(MethodRequest request, long hotCount) => RowCache.Create(hotCount, KeyBits(request));

    /// <inheritdoc/>
    protected override HotRows Open(MethodRequest request, long hotCount) => new RowCache(request.State, hotCount, RowHash.Salt(request.HashSeed, Name, 0));

    private static bool CountsUses(MethodRequest request) => request.Options.GetChoice("evict", "lfu", "lru") == "lfu";

    // By chance, the same for all occurrences of an id in a step.
    private static bool IsAdmitted(long key, ulong salt, double admission)
        => admission == 1 || RowHash.Mix((ulong)key ^ salt) < admission * ulong.MaxValue;

    private static double Admission(MethodRequest request) => request.Options.GetFraction("admission", 1);
}
