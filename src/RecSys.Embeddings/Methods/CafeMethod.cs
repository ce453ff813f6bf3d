using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// CAFE: ids that matter have rows of their own, the others of a field share rows by a hash. How much an id matters is the sum of the
/// norms of its gradients, kept by a sketch while training: an id whose score reaches a threshold takes a copy of its shared row along
/// to a row of its own, and leaves that when its score has faded. In the end the ids with rows are listed, and the sketch is not needed.
/// </summary>
/// <remarks>
/// Zhang et al., "CAFE: Towards Compact, Adaptive, and Fast Embedding for Large-scale Recommendation Models", SIGMOD 2024. There a bucket
/// of the sketch is paid for with each row, since tables are served while they learn; here a budget is what is served in the end, and
/// the sketch is memory of training. Norms are divided by their mean over the mini-batch. Options that are not set go with the budget from
/// what the authors take at half the full size to what they take at a ten-thousandth. Norms are added in the order of the mini-batch, so
/// a run gives the same bits again.
/// </remarks>
internal sealed class CafeMethod : HotColdMethod
{
    private const string HotKeys = "hot";

    // What the authors choose at the mildest and the tightest rate.
    private const double MildRate = 0.5;
    private const double TightRate = 1e-4;
    private const double MildHashRate = 0.7;
    private const double TightHashRate = 0.1;
    private const double MildThreshold = 10;
    private const double TightThreshold = 500;

    /// <inheritdoc/>
    public override string Name => "cafe";

    /// <inheritdoc/>
    public override string Description => "One table: h rows of width d for ids of any field with large gradients, found while training, and m hashed rows per field for the others; the keys of the former, sorted.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·(h + Σm) + h·⌈log₂(Σn + 1)⌉/8, exactly the budget; while training 48·h more";

    /// <inheritdoc/>
    public override string Source => "Zhang et al., SIGMOD 2024";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hash_rate", "threshold", "decay"];

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        double sum = context.Notes.Sum(n => Sum(n.Notes.Span));
        if (SketchOf(context.Layout) is not { } sketch || !(sum > 0 && double.IsFinite(sum)))
            return false;
        double scale = context.Notes.Sum(n => (long)n.Notes.Length) / sum;
        float threshold = Threshold(context.Request);
        foreach (IdNotes notes in context.Notes)
        {
            var addressing = (HotColdAddressing)context.Layout.Of(notes.Field).Sources[1].Addressing!;
            ReadOnlySpan<long> ids = notes.Ids.Span;
            for (int i = 0; i < ids.Length; i++)
            {
                long row = sketch.Add(addressing.FirstKey + ids[i], (float)(notes.Notes.Span[i] * scale), threshold);
                if (row >= 0)
                    CopyRow(context.Tables[0], addressing.ColdRow(ids[i]), row);
            }
        }

        sketch.Fade(threshold, Decay(context.Request));
        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        IReadOnlyList<(uint Key, uint Row)> hot = SketchOf(context.Layout)?.Hot() ?? [];
        long hotCount = HotCount(context.Request);
        Dictionary<string, PackedArray> arrays = [];
        if (hotCount > 0)
            arrays.Add(HotKeys, KeysOf(context.Request, hot, hotCount));
        return new PhaseEnd(new MethodState(phase: 1, arrays), tables =>
        {
            for (int t = 0; t < tables.Count; t++)
                Freeze(context.Tables[t], tables[t], hot);
        });
    }

    /// <inheritdoc/>
    protected override void CheckOptions(MethodRequest request)
    {
        HashRate(request);
        Threshold(request);
        Decay(request);
    }

    /// <inheritdoc/>
    protected override long HotBytes(MethodRequest request, long available) => Math.Min((long)(request.BudgetByteCount * (1 - HashRate(request))), available);

    /// <inheritdoc/>
    protected override long[] ColdCounts(MethodRequest request, long hotCount)
    {
        long hotByteCount = (hotCount * request.RowByteCount(request.Dimension)) + PackedArray.ByteCountOf(hotCount, KeyBits(request));
        return RowAllocation.Proportional(request.Fields, (request.BudgetByteCount - hotByteCount) / request.RowByteCount(request.Dimension));
    }

    /// <inheritdoc/>
    protected override Dictionary<string, PackedArray> CreateArrays(MethodRequest request, long hotCount) => HotSketch.Create(hotCount);

    /// <inheritdoc/>
    protected override HotRows Open(MethodRequest request, long hotCount) => request.State.Phase > 0
        ? new HotMap(request.State.Array(HotKeys, hotCount))
        : new HotSketch(request.State, hotCount, RowHash.Salt(request.HashSeed, Name, 0));

    private static HotSketch? SketchOf(MethodLayout layout) => HotOf(layout) as HotSketch;

    // Behind the keys that have rows there are as many that no id has as rows are free.
    private static PackedArray KeysOf(MethodRequest request, IReadOnlyList<(uint Key, uint Row)> hot, long hotCount)
    {
        var keys = new PackedArray(hotCount, KeyBits(request));
        uint none = (uint)request.Fields.Sum(f => f.VocabularySize);
        for (int i = 0; i < hotCount; i++)
            keys[i] = i < hot.Count ? hot[i].Key : none;
        return keys;
    }

    // All rows stay where they are, but those of ids that have their own come first, in the order of their keys.
    private static void Freeze(RowTable trained, RowTable served, IReadOnlyList<(uint Key, uint Row)> hot)
    {
        for (long row = 0; row < trained.Spec.RowCount; row++)
            trained.RowBytes(row).CopyTo(served.RowBytes(row));
        for (int i = 0; i < hot.Count; i++)
            trained.RowBytes(hot[i].Row).CopyTo(served.RowBytes(i));
    }

    private static void CopyRow(RowTable table, long from, long to)
    {
        table.RowBytes(from).CopyTo(table.RowBytes(to));
        table.State(from).CopyTo(table.State(to));
    }

    private static double Sum(ReadOnlySpan<float> numbers)
    {
        double sum = 0;
        foreach (float number in numbers)
            sum += number;
        return sum;
    }

    private static double HashRate(MethodRequest request)
        => request.Options.GetFraction("hash_rate", MildHashRate + (Tightness(request) * (TightHashRate - MildHashRate)));

    private static float Decay(MethodRequest request) => (float)request.Options.GetFraction("decay", 0.99);

    private static float Threshold(MethodRequest request)
        => request.Options.GetInt32("threshold", (int)Math.Round(MildThreshold * Math.Pow(TightThreshold / MildThreshold, Tightness(request))));

    // 0 at the mildest rate or above, 1 at the tightest or below.
    private static double Tightness(MethodRequest request)
        => Math.Clamp(Math.Log(MildRate * request.FullByteCount / request.BudgetByteCount) / Math.Log(MildRate / TightRate), 0, 1);
}
