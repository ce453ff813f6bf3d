using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// PEP: learns thresholds that pull small numbers to zero until as many are left as the budget has room for; then trains those alone,
/// from the first values they had.
/// </summary>
/// <remarks>
/// Liu et al., "Learnable Embedding Sizes for Recommender Systems", ICLR 2021. There s starts at −150, where σ(s) and its gradient are 0
/// in single precision, and only the weight decay of the optimiser moves it, by the learning rate in every step. Here that drift is
/// explicit: s starts at −10 and, beside its gradient, rises evenly so that it would reach 0 at the end of the search. The search stops
/// when few enough numbers are left, and of these exactly the budget's are kept: those farthest above their threshold. With <c>retrain: false</c> they stay as
/// the search has left them, less their threshold.
/// </remarks>
internal sealed class PepMethod : EmbeddingMethod
{
    private const float FirstThreshold = -10;

    /// <inheritdoc/>
    public override string Name => "pep";

    /// <inheritdoc/>
    public override string Description => "Full tables of which learned thresholds choose the numbers to keep, retrained from their first values; a bit per number and the numbers that stay.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·K + Σ(n·d/8 + n·d/128), exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Liu et al., ICLR 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["granularity", "search_epochs", "retrain"];

    /// <inheritdoc/>
    public override int StepInterval => 10;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("search", options.GetInt32("search_epochs", 1), RunsToEnd: true), new("retrain", Retrains(options) ? null : 0)];

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        if (context.Request.State.Phase > 0)
            return false;
        float rise = -FirstThreshold * StepInterval / context.StepCount;
        foreach (RowTable thresholds in Thresholds(context))
        {
            for (long row = 0; row < thresholds.Spec.RowCount; row++)
            {
                foreach (ref float s in thresholds.Row(row))
                    s += rise;
            }
        }

        long left = 0;
        ForEachNumber(context, (ref float value, float threshold) => left += Math.Abs(value) > threshold ? 1 : 0);
        return left <= PrunedLayout.KeptCount(context.Request, Name);
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        long count = PrunedLayout.KeptCount(context.Request, Name);
        if (!Retrains(context.Request.Options))
        {
            ForEachNumber(context, (ref float value, float threshold) => value = Math.Sign(value) * Math.Max(Math.Abs(value) - threshold, 0));
            List<RowTable> rows = Rows(context);
            return new PhaseEnd(PrunedLayout.State(context.Request, phase: 1, Magnitudes.Largest(rows, count)), masked => PrunedLayout.Copy(rows, masked));
        }

        // The rows are not needed any more: their numbers become what is left above the threshold, made positive.
        ForEachNumber(context, (ref float value, float threshold) => value = 1 + Math.Abs(value) - threshold);
        var masks = Magnitudes.Largest(Rows(context), count);
        return new PhaseEnd(PrunedLayout.State(context.Request, phase: 1, masks), Fill: null, RestartsModel: true);
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        string granularity = request.Options.GetChoice("granularity", "row", "dimension", "element", "global");
        long kept = PrunedLayout.KeptCount(request, Name);
        if (request.State.Phase > 0)
            return PrunedLayout.Build(request);
        var builder = new LayoutBuilder(request);
        foreach (EmbeddingField field in request.Fields)
            AddField(builder, request, field, granularity);
        return builder.Build(PrunedLayout.ByteCount(request, kept), PrunedLayout.MaskByteCount(request));
    }

    private static bool Retrains(MethodOptions options) => options.GetChoice("retrain", "true", "false") == "true";

    private static void AddField(LayoutBuilder builder, MethodRequest request, EmbeddingField field, string granularity)
    {
        bool isWhole = granularity is "dimension" or "global";
        int rows = builder.AddTable(field.Name, field.VocabularySize, request.Dimension, request.Initializer(field));
        int thresholds = builder.AddTable(
            $"{field.Name}/threshold",
            isWhole ? 1 : field.VocabularySize,
            granularity is "dimension" or "element" ? request.Dimension : 1,
            new Initializer(InitialDistribution.Constant, FirstThreshold));
        builder.AddField(
            field,
            new SoftThresholdCombination(request.Dimension),
            new RowSource(rows, IdentityAddressing.Instance),
            new RowSource(thresholds, isWhole ? null : IdentityAddressing.Instance));
    }

    private static List<RowTable> Rows(PhaseContext context) => [.. context.Tables.Where((_, t) => t % 2 == 0)];

    private static List<RowTable> Thresholds(PhaseContext context) => [.. context.Tables.Where((_, t) => t % 2 == 1)];

    private delegate void NumberAction(ref float value, float threshold);

    private static void ForEachNumber(PhaseContext context, NumberAction action)
    {
        foreach (var (rows, thresholds) in Rows(context).Zip(Thresholds(context)))
        {
            for (long row = 0; row < rows.Spec.RowCount; row++)
            {
                Span<float> values = rows.Row(row);
                Span<float> s = thresholds.Row(Math.Min(row, thresholds.Spec.RowCount - 1));
                for (int j = 0; j < values.Length; j++)
                    action(ref values[j], SoftThresholdCombination.Threshold(s[Math.Min(j, s.Length - 1)]));
            }
        }
    }
}
