using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Nested (Matryoshka) dimensions: full tables trained so that the first numbers of a row can stand for all of it. Every mini-batch uses a
/// width drawn from powers of two up to the full one; in the end each field keeps as many numbers per row as the budget has room for.
/// </summary>
/// <remarks>
/// Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022, adds up the losses of all widths, which takes one pass of the
/// model for each. Drawing one width per mini-batch has the same expected gradient, up to a factor, at the cost of one pass.
/// </remarks>
internal sealed class NestedMethod : EmbeddingMethod
{
    private const string Smallest = "smallest";

    /// <inheritdoc/>
    public override string Name => "nested";

    /// <inheritdoc/>
    public override string Description => "Full tables trained at widths drawn per mini-batch; the first c < d numbers of every row are kept.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(n·c); the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Kusupati et al., NeurIPS 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => [Smallest];

    /// <inheritdoc/>
    public override int StepInterval => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options) => [MethodPhase.Train, new("serve", Epochs: 0)];

    /// <inheritdoc/>
    public override void BeforeStep(PhaseContext context)
    {
        int[] widths = Widths(context.Request);
        ulong random = RowHash.Mix(RowHash.Salt(context.Request.HashSeed, Name, 0) + (ulong)context.Step);
        SetWidth(context, widths[(int)(random % (ulong)widths.Length)]);
    }

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        SetWidth(context, context.Request.Dimension);
        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
        => new(new MethodState(1), tables =>
        {
            foreach (RowTable narrow in tables)
                CopyPrefix(context.Tables.Single(t => t.Spec.Name == narrow.Spec.Name), narrow);
        });

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        if (request.Options.GetInt32(Smallest, 1) > request.Dimension)
            throw new ArgumentException($"Method '{Name}' cannot use {request.Options.GetInt32(Smallest, 1)} numbers of a dimension of {request.Dimension}.");
        int[] kept = LowDimensionMethod.Widths(request, Name, (field, width) => field.VocabularySize * request.RowByteCount(width));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < kept.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            bool isTraining = request.State.Phase == 0;
            int rows = builder.AddTable(field.Name, field.VocabularySize, isTraining ? request.Dimension : kept[i], request.Initializer(field));
            var source = new RowSource(rows, IdentityAddressing.Instance);
            if (isTraining)
                builder.AddField(field, new PrefixCombination(request.Dimension), source, new RowSource(AddWidth(builder, request, field), Addressing: null));
            else
                builder.AddField(field, source);
        }

        return builder.Build(kept.Zip(request.Fields, (width, f) => f.VocabularySize * request.RowByteCount(width)).Sum());
    }

    private static int AddWidth(LayoutBuilder builder, MethodRequest request, EmbeddingField field)
        => builder.AddUntrained($"{field.Name}/width", 1, 1, new Initializer(InitialDistribution.Constant, request.Dimension));

    private static int[] Widths(MethodRequest request)
        => WidthAllocation.PowersOfTwo(request.Options.GetInt32(Smallest, 1), request.Dimension);

    private static void SetWidth(PhaseContext context, int width)
    {
        foreach (RowTable table in context.Tables)
        {
            if (!table.Spec.IsTrained)
                table.WriteRow(0, [width]);
        }
    }

    private static void CopyPrefix(RowTable wide, RowTable narrow)
    {
        float[] row = new float[wide.Spec.Width];
        for (long r = 0; r < wide.Spec.RowCount; r++)
        {
            wide.ReadRow(r, row);
            narrow.WriteRow(r, row.AsSpan(0, narrow.Spec.Width));
        }
    }
}
