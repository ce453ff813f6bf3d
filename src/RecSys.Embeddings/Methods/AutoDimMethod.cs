using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// AutoDim: a search trains one table per field and width, and mixes their vectors by weights that are learned on the validation split;
/// then each field gets a width of its own, the likeliest ones that fit the budget, and is trained from the beginning.
/// </summary>
/// <remarks>
/// Zhao et al., "AutoDim: Field-aware Embedding Dimension Search in Recommender Systems", WWW 2021: weights are a softmax of logits with
/// Gumbel noise at a temperature that falls by 5e-5 a step to 0.01; gradients of first order. There the vectors of each width go through a
/// batch normalisation, so that the largest do not win by their size; here they are divided by the root of the mean square of the numbers
/// of the 1024 most frequent ids, taken every 10 steps. There the logits learn by plain gradient descent, with steps too small for short
/// runs; here the gradient of a field is divided by its mean size, and the learning rate is 0.01. There nothing steers the size; here the
/// widths are those with the largest sum of log-weights at the size of the budget. Projections have no bias.
/// </remarks>
internal sealed class AutoDimMethod : EmbeddingMethod
{
    private const int ScaleSteps = 10;
    private const int ScaleRows = 1024;
    private const int BisectionSteps = 60;
    private const float LearningRate = 0.01f;

    // Rows of the table of a search: what vectors are multiplied by, the logits, the scales of the widths.
    private const int Weights = 0;
    private const int Logits = 1;
    private const int Scales = 2;
    private const int SearchRows = 3;

    /// <inheritdoc/>
    public override string Name => "autodim";

    /// <inheritdoc/>
    public override string Description => "One row of a searched width c per id, a power of two or d, multiplied by a learned c × d matrix per field where c < d.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(n·c+c·d), or 4·n·d where that is less; the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Zhao et al., WWW 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["search_epochs"];

    /// <inheritdoc/>
    public override int StepInterval => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("search", options.GetInt32("search_epochs", 1), RunsToEnd: true) { LearnsFromValidation = true }, new("retrain", Epochs: null)];

    /// <inheritdoc/>
    public override void BeforeStep(PhaseContext context)
    {
        if (context.Request.State.Phase > 0)
            return;
        for (int f = 0; f < context.Request.Fields.Count; f++)
        {
            if (context.Step % ScaleSteps == 1)
                Measure(context, f);
            Draw(context, f);
        }
    }

    /// <inheritdoc/>
    public override void LearnFromValidation(PhaseContext context, IReadOnlyList<RowBatch> gradients)
    {
        for (int f = 0; f < context.Request.Fields.Count; f++)
            Learn(Search(context, f), gradients[SearchTable(context, f)].Gradients);
    }

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        if (context.Request.State.Phase > 0)
            return false;
        for (int f = 0; f < context.Request.Fields.Count; f++)
        {
            RowTable search = Search(context, f);
            Mix(search, search.Row(Logits));
        }

        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        MethodRequest request = context.Request;
        int[] widths = Choose(request, [.. request.Fields.Select((_, f) => Search(context, f).Row(Logits).ToArray())]);
        Dictionary<string, PackedArray> arrays = [];
        FieldWidths.Add(arrays, request, widths);
        return new PhaseEnd(new MethodState(1, arrays), Fill: null, RestartsModel: true);
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        long[][] sizes = Sizes(request);
        request.RequireBytes(Name, sizes.Sum(s => s.Min()) + FieldWidths.ByteCount(request));
        var builder = new LayoutBuilder(request);
        for (int f = 0; f < request.Fields.Count; f++)
        {
            if (request.State.Phase == 0)
                AddSearch(builder, request, request.Fields[f]);
            else
                ProjectedRows.Add(builder, request, request.Fields[f], FieldWidths.Of(request, f));
        }

        return request.State.Phase == 0
            ? builder.Build(Math.Min(request.BudgetByteCount, sizes.Sum(s => s.Max()) + FieldWidths.ByteCount(request)), FieldWidths.ByteCount(request))
            : builder.Build();
    }

    private static void AddSearch(LayoutBuilder builder, MethodRequest request, EmbeddingField field)
    {
        List<(Combination, int)> parts = [];
        List<RowSource> sources = [];
        foreach (int width in Candidates(request))
        {
            sources.Add(new(builder.AddTable($"{field.Name}/{width}", field.VocabularySize, width, request.Initializer(field)), IdentityAddressing.Instance));
            if (width < request.Dimension)
            {
                sources.Add(new(builder.AddTable($"{field.Name}/{width}/projection", width, request.Dimension, Initializer.Normal(1 / Math.Sqrt(width))), Addressing: null));
                parts.Add((new ProjectionCombination(request.Dimension), 2));
            }
            else
            {
                parts.Add((ConcatCombination.Instance(request.Dimension), 1));
            }
        }

        // Scales of 1 and equal logits, of which the weights follow before the first step.
        sources.Add(new(builder.AddUntrained($"{field.Name}/search", SearchRows, parts.Count, new Initializer(InitialDistribution.Constant, 1)), Addressing: null));
        builder.AddField(field, new MixtureCombination(request.Dimension, parts), sources);
    }

    private static int[] Candidates(MethodRequest request) => WidthAllocation.PowersOfTwo(1, request.Dimension);

    private static long[][] Sizes(MethodRequest request)
        => [.. request.Fields.Select(f => Candidates(request).Select(width => ProjectedRows.ByteCount(request, f, width)).ToArray())];

    // The search goes from the likeliest widths, whatever they take, to ever smaller ones by a growing price per byte; then what is left
    // of the budget goes to the largest fields that it makes likelier.
    private static int[] Choose(MethodRequest request, float[][] logits)
    {
        int[] candidates = Candidates(request);
        long[][] sizes = Sizes(request);
        long budget = request.BudgetByteCount - FieldWidths.ByteCount(request);
        double high = 1.0 / budget;
        while (Total(At(high)) > budget)
            high *= 2;
        double low = 0;
        for (int step = 0; step < BisectionSteps; step++)
        {
            double middle = (low + high) / 2;
            (low, high) = Total(At(middle)) <= budget ? (low, middle) : (middle, high);
        }

        int[] chosen = Total(At(0)) <= budget ? At(0) : At(high);
        foreach (int f in RowAllocation.InOrder(request.Fields))
        {
            long left = budget - Total(chosen) + sizes[f][chosen[f]];
            chosen[f] = Enumerable.Range(0, candidates.Length).Where(k => sizes[f][k] <= left).MaxBy(k => logits[f][k]);
        }

        return [.. chosen.Select(k => candidates[k])];

        int[] At(double price) => [.. sizes.Select((size, f) => Enumerable.Range(0, size.Length).MaxBy(k => (logits[f][k] - (price * size[k]), -size[k])))];
        long Total(int[] choice) => choice.Select((k, f) => sizes[f][k]).Sum();
    }

    // The vectors of each width are made equally large.
    private static void Measure(PhaseContext context, int field)
    {
        int dimension = context.Request.Dimension;
        int first = field * TablesPerField(context);
        Span<float> scales = Search(context, field).Row(Scales);
        float[] row = new float[dimension];
        float[] vector = new float[dimension];
        for (int k = 0; k < scales.Length; k++)
        {
            RowTable rows = context.Tables[first + (2 * k)];
            float[] matrix = rows.Spec.Width < dimension ? Matrix(context.Tables[first + (2 * k) + 1]) : [];
            long count = Math.Min(rows.Spec.RowCount, ScaleRows);
            double squares = 0;
            for (long r = 0; r < count; r++)
            {
                Span<float> values = row.AsSpan(0, rows.Spec.Width);
                rows.ReadRow(r, values);
                if (matrix.Length == 0)
                    values.CopyTo(vector);
                else
                    ProjectionKernel.Multiply(values, matrix, vector);
                squares += TensorPrimitives.SumOfSquares<float>(vector);
            }

            double mean = squares / (count * dimension);
            scales[k] = mean > 0 ? (float)(1 / Math.Sqrt(mean)) : 1;
        }
    }

    private static float[] Matrix(RowTable table)
    {
        float[] matrix = new float[table.Spec.RowCount * table.Spec.Width];
        for (int r = 0; r < table.Spec.RowCount; r++)
            table.ReadRow(r, matrix.AsSpan(r * table.Spec.Width, table.Spec.Width));
        return matrix;
    }

    // Gumbel noise on the logits, at the temperature of the step.
    private static void Draw(PhaseContext context, int field)
    {
        RowTable search = Search(context, field);
        ulong salt = RowHash.Mix(RowHash.Salt(context.Request.HashSeed, search.Spec.Name, 0) + (ulong)context.Step);
        float temperature = Math.Max(0.01f, 1 - (5e-5f * context.Step));
        Span<float> noisy = stackalloc float[search.Spec.Width];
        search.Row(Logits).CopyTo(noisy);
        for (int k = 0; k < noisy.Length; k++)
        {
            double uniform = ((RowHash.Mix(salt + (ulong)k) >> 11) + 0.5) / (1UL << 53);
            noisy[k] = (noisy[k] - (float)Math.Log(-Math.Log(uniform))) / temperature;
        }

        Mix(search, noisy);
    }

    // Weight = softmax · scale.
    private static void Mix(RowTable search, ReadOnlySpan<float> logits)
    {
        Span<float> weights = search.Row(Weights);
        TensorPrimitives.SoftMax(logits, weights);
        TensorPrimitives.Multiply(weights, search.Row(Scales), weights);
    }

    // ∂/∂logitₖ = shareₖ·(gₖ − Σ share·g) / temperature; the mean size takes the temperature out again.
    private static void Learn(RowTable search, ReadOnlySpan<float> weightGradients)
    {
        Span<float> shares = stackalloc float[search.Spec.Width];
        Span<float> gradient = stackalloc float[search.Spec.Width];
        TensorPrimitives.Divide(search.Row(Weights), search.Row(Scales), shares);
        TensorPrimitives.Multiply(weightGradients[..gradient.Length], search.Row(Scales), gradient);
        TensorPrimitives.Subtract(gradient, TensorPrimitives.Dot<float>(shares, gradient), gradient);
        TensorPrimitives.Multiply(gradient, shares, gradient);
        float mean = TensorPrimitives.SumOfMagnitudes<float>(gradient) / gradient.Length;
        if (mean > 0)
            TensorPrimitives.MultiplyAdd(gradient, -LearningRate / mean, search.Row(Logits), search.Row(Logits));
    }

    private static RowTable Search(PhaseContext context, int field) => context.Tables[SearchTable(context, field)];

    private static int SearchTable(PhaseContext context, int field) => ((field + 1) * TablesPerField(context)) - 1;

    // Rows and a matrix for every width but the last, which has rows alone, and the table of the search.
    private static int TablesPerField(PhaseContext context) => context.Tables.Count / context.Request.Fields.Count;
}
