using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// OptEmbed: full tables are trained with a learned threshold per field, below which a row counts as zeros, and at widths drawn at random;
/// then an evolutionary search finds the widths of the fields that score best on validation at the size of the budget; then rows that are
/// kept are trained alone, from the first values they had.
/// </summary>
/// <remarks>
/// Lyu et al., "OptEmbed: Learning Optimal Embedding Table for Click-through Rate Prediction", CIKM 2022. There nothing steers the size.
/// Here a budget does: for any widths, the rows farthest above their threshold are kept, as many as there is room for, and the search
/// compares widths at equal bytes; the term that pushes all thresholds up evenly has nothing to do then and is left out. Widths are drawn
/// per step for each of 64 hashed groups of a field's ids instead of per sample. In the end the ids that are not kept share one row, which
/// is trained, where the paper has zeros; with <c>retrain: false</c> that row is zeros, and the others stay as the supernet has left them. The best candidate is kept through
/// all generations, and crossover cuts between fields.
/// </remarks>
internal sealed class OptEmbedMethod : EmbeddingMethod
{
    private const int GateRows = 64;
    private const int Rows = 0;
    private const int Threshold = 1;
    private const int Gates = 2;
    private const int TablesPerField = 3;

    /// <inheritdoc/>
    public override string Name => "optembed";

    /// <inheritdoc/>
    public override string Description => "One row of a searched width c ≤ d per id that is kept, and one for all other ids of the field; a bit per id says which.";

    /// <inheritdoc/>
    public override string ByteFormula => "Σ(4·c·(K + 1) + n/8 + n/128), the budget";

    /// <inheritdoc/>
    public override string Source => "Lyu et al., CIKM 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["search_epochs", "generations", "retrain"];

    /// <inheritdoc/>
    public override int StepInterval => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("supernet", options.GetInt32("search_epochs", 1), RunsToEnd: true), new("retrain", Retrains(options) ? null : 0)];

    /// <inheritdoc/>
    public override void BeforeStep(PhaseContext context)
    {
        if (context.Request.State.Phase > 0)
            return;
        int most = context.Request.Dimension;
        ulong salt = RowHash.Salt(context.Request.HashSeed, Name, 0) + (ulong)context.Step;
        for (int f = 0; f < context.Request.Fields.Count; f++)
        {
            ulong first = RowHash.Mix(salt) + (ulong)(f * GateRows);
            SetGates(context, f, gate => 1 + (int)(RowHash.Mix(first + (ulong)gate) % (ulong)most));
        }
    }

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        for (int f = 0; context.Request.State.Phase == 0 && f < context.Request.Fields.Count; f++)
        {
            SetGates(context, f, _ => context.Request.Dimension);
            ref float threshold = ref Table(context, f, Threshold).Row(0)[0];
            threshold = Math.Max(threshold, 0);
        }

        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        MethodRequest request = context.Request;
        float[] thresholds = [.. request.Fields.Select((_, f) => Table(context, f, Threshold).Row(0)[0])];
        var order = new RowOrder([.. request.Fields.Select((_, f) => Table(context, f, Rows))], thresholds);

        // The narrowest rows fit into every budget that there is a layout for; full ones may not.
        int[] widths = Equal(request.Dimension);
        if (Keep(request, order, widths) is null)
            widths = Equal(1);
        if (request.Dimension > 1)
        {
            var evolution = new WidthEvolution(widths.Length, request.Dimension, RowHash.Salt(request.HashSeed, Name, 1));
            widths = evolution.Run(widths, request.Options.GetInt32("generations", 10, minimum: 0), Fitness);
        }

        KeptRows kept = Keep(request, order, widths)!;
        Show(context, thresholds, widths, kept.Limit);
        PackedArray?[] masks = order.Masks(kept.Count);
        Dictionary<string, PackedArray> arrays = [];
        FieldWidths.Add(arrays, request, widths);
        for (int f = 0; f < masks.Length; f++)
        {
            if (masks[f] is { } mask)
                arrays.Add(request.Fields[f].Name, mask);
        }

        bool retrains = Retrains(request.Options);
        return new PhaseEnd(new MethodState(1, arrays), tables => CopyRows(context, masks, tables, retrains), RestartsModel: retrains);

        int[] Equal(int width) => [.. request.Fields.Select(_ => width)];

        double Fitness(int[] candidate)
        {
            if (Keep(request, order, candidate) is not { } rows)
                return double.NegativeInfinity;
            Show(context, thresholds, candidate, rows.Limit);
            return context.Score();
        }
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int smallest = request.RowByteCount(1);
        request.RequireBytes(Name, AuxiliaryByteCount(request) + ((request.Fields.Count + 1) * smallest));
        var builder = new LayoutBuilder(request);
        if (request.State.Phase == 0)
        {
            foreach (EmbeddingField field in request.Fields)
                AddSupernet(builder, request, field);
            long full = request.Fields.Sum(request.FullRowsByteCount);
            return builder.Build(Math.Min(request.BudgetByteCount, full), AuxiliaryByteCount(request));
        }

        for (int f = 0; f < request.Fields.Count; f++)
            AddKept(builder, request, request.Fields[f], FieldWidths.Of(request, f));
        return builder.Build();
    }

    private static void AddSupernet(LayoutBuilder builder, MethodRequest request, EmbeddingField field)
    {
        int rows = builder.AddTable(field.Name, field.VocabularySize, request.Dimension, request.Initializer(field));
        int threshold = builder.AddNumbers($"{field.Name}/threshold", 1, 1, new Initializer(InitialDistribution.Constant, 0));
        int gates = builder.AddUntrained($"{field.Name}/gates", GateRows, request.Dimension, new Initializer(InitialDistribution.Constant, 1));
        builder.AddField(
            field,
            new OptEmbedCombination(request.Dimension),
            new RowSource(rows, IdentityAddressing.Instance),
            new RowSource(threshold, Addressing: null),
            new RowSource(gates, new HashAddressing(request, field, 0, GateRows)));
    }

    private static void AddKept(LayoutBuilder builder, MethodRequest request, EmbeddingField field, int width)
    {
        if (!request.State.Arrays.ContainsKey(field.Name))
        {
            int whole = builder.AddTable(field.Name, field.VocabularySize, width, request.Initializer(field));
            builder.AddField(field, new RowSource(whole, IdentityAddressing.Instance));
            return;
        }

        var kept = new RowMask(request.State.Array(field.Name, field.VocabularySize));
        builder.AddMask(kept);
        int table = builder.AddTable(field.Name, kept.Count + 1, width, request.Initializer(field));
        builder.AddField(field, new RowSource(table, new KeptRowAddressing(kept)));
    }

    // Of the rows in order as many as the budget has room for, beside masks and shared rows; null if there is no room for these.
    private static KeptRows? Keep(MethodRequest request, RowOrder order, int[] widths)
    {
        long[] rowBytes = [.. widths.Select(w => (long)request.RowByteCount(w))];
        return order.Keep(rowBytes, request.BudgetByteCount - AuxiliaryByteCount(request) - rowBytes.Sum());
    }

    private static long AuxiliaryByteCount(MethodRequest request)
        => request.Fields.Sum(f => RowMask.ByteCountOf(f.VocabularySize)) + FieldWidths.ByteCount(request);

    // Makes the supernet a candidate: prefixes of its rows, and zeros for the rows that are not kept.
    private static void Show(PhaseContext context, float[] thresholds, int[] widths, float limit)
    {
        for (int f = 0; f < widths.Length; f++)
        {
            SetGates(context, f, _ => widths[f]);
            Table(context, f, Threshold).Row(0)[0] = thresholds[f] + limit;
        }
    }

    private static bool Retrains(MethodOptions options) => options.GetChoice("retrain", "true", "false") == "true";

    // First values are what is trained anew; otherwise the rows stay as they are, and those that are not kept have zeros, as the supernet was shown with.
    private static void CopyRows(PhaseContext context, PackedArray?[] masks, IReadOnlyList<RowTable> tables, bool firstValues)
    {
        float[] row = new float[context.Request.Dimension];
        for (int f = 0; f < tables.Count; f++)
        {
            RowTable rows = Table(context, f, Rows);
            long place = 0;
            for (long id = 0; id < rows.Spec.RowCount; id++)
            {
                if (masks[f] is { } mask && mask[id] == 0)
                    continue;
                if (firstValues)
                    rows.ResetRow(id, id);
                rows.ReadRow(id, row);
                tables[f].WriteRow(place++, row.AsSpan(0, tables[f].Spec.Width));
            }

            if (masks[f] is not null && !firstValues)
                tables[f].WriteRow(place, new float[tables[f].Spec.Width]);
        }
    }

    private static void SetGates(PhaseContext context, int field, Func<int, int> widthOf)
    {
        for (int gate = 0; gate < GateRows; gate++)
        {
            Span<float> row = Table(context, field, Gates).Row(gate);
            int width = widthOf(gate);
            row[..width].Fill(1);
            row[width..].Clear();
        }
    }

    private static RowTable Table(PhaseContext context, int field, int kind) => context.Tables[(field * TablesPerField) + kind];
}
