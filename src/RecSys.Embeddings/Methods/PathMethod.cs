using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Path-based compositional embeddings: an id is written as k digits. The first one reads a row, and each further one selects the small
/// network, one of as many as the digit has values, that the row goes through next.
/// </summary>
/// <remarks>
/// <para>Shi et al., "Compositional Embeddings Using Complementary Partitions for Memory-Efficient Recommendation Systems", KDD 2020. A
/// network has one hidden layer with ReLU, of as many units as the vector has numbers by default, at most 16: wider networks leave
/// fewer rows.</para>
/// <para>First values follow He et al., "Delving Deep into Rectifiers", 2015: behind every network the vectors have the variance of the
/// rows. Half of it comes from the biases, because a network whose units are all off would else give zero, which switches off the next
/// one for good. With a table that starts at a constant, the rows start normal and the last network gives the constant.</para>
/// </remarks>
internal sealed class PathMethod : EmbeddingMethod
{
    private const int MostDefaultUnits = 16;

    // A network is a row per matrix: 64 MiB are beyond any use.
    private const int MostWeights = 1 << 24;

    /// <inheritdoc/>
    public override string Name => "path";

    /// <inheritdoc/>
    public override string Description => "Per field D rows for the first digit of an id, and a network with h hidden units for each value of the k − 1 further digits.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(D·d + (D₁+…)·(2·d·h + h + d)) with D·D₁⋯ ≥ n, or 4·d·n where that is less; the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Shi et al., KDD 2020";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hidden", "parts"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hidden = request.Options.GetInt32("hidden", Math.Min(request.Dimension, MostDefaultUnits));
        int parts = request.Options.GetInt32("parts", 2, minimum: 2);
        if (hidden > MostWeights / request.Dimension)
            throw new ArgumentException(
                $"Method '{Name}' cannot use {hidden} hidden units for a dimension of {request.Dimension}; hidden must be at most {MostWeights / request.Dimension}.");

        SizeKnob[] knobs = [.. request.Fields.Select(f => Knob(request, f.VocabularySize, hidden, parts))];
        long?[] rows = KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rows.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (rows[i] is long rowCount)
                AddPath(builder, request, field, Sizes(field.VocabularySize, parts, rowCount), hidden);
            else
                builder.AddFull(field);
        }

        return builder.Build();
    }

    // At most the rows asked for: as many as the networks need that so many rows take.
    private static long[] Sizes(long vocabulary, int parts, long rowCount)
    {
        long[] networks = Radices.Balanced(Radices.CeilingQuotient(vocabulary, rowCount), parts - 1);
        return [Radices.CeilingQuotient(vocabulary, networks.Aggregate(1L, (product, count) => product * count)), .. networks];
    }

    // More networks save rows until they take more bytes than these; from the best number on, more rows save networks.
    private static SizeKnob Knob(MethodRequest request, long vocabulary, int hidden, int parts)
    {
        int networkBytes = (2 * request.RowByteCount(request.Dimension * hidden)) + request.RowByteCount(hidden + request.Dimension);
        long ByteCount(long rowCount)
        {
            long[] sizes = Sizes(vocabulary, parts, rowCount);
            return (sizes[0] * request.RowByteCount(request.Dimension)) + (sizes[1..].Sum() * networkBytes);
        }

        long best = vocabulary;
        for (long networks = parts - 1; networks * networkBytes < ByteCount(best); networks++)
        {
            double product = Enumerable.Range(0, parts - 1).Aggregate(1.0, (p, j) => p * ((networks + j) / (parts - 1)));
            long rowCount = (long)Math.Ceiling(vocabulary / product);
            best = ByteCount(rowCount) < ByteCount(best) ? rowCount : best;
        }

        return new SizeKnob(vocabulary * request.RowByteCount(request.Dimension), best, vocabulary, ByteCount);
    }

    private static void AddPath(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long[] sizes, int hidden)
    {
        int dimension = request.Dimension;
        var target = request.Initializer(field);
        bool isConstant = target.StandardDeviation() == 0;
        DigitAddressing[] digits = Radices.Digits(sizes);
        var rows = isConstant ? Initializer.Normal(1 / Math.Sqrt(dimension)) : target;
        List<RowSource> sources = [new(builder.AddTable($"{field.Name}/base", sizes[0], dimension, rows), digits[0])];
        for (int j = 1; j < sizes.Length; j++)
        {
            // With the variance v of the rows, hidden sums have 1.5 v from the row and 0.5 v from their bias. ReLU halves the square, so
            // a network's result has 0.5 v from its units and 0.5 v from its bias again.
            bool isZero = isConstant && j == sizes.Length - 1;
            Add($"hidden_{j}", dimension * hidden, Initializer.Normal(Math.Sqrt(1.5 / dimension)));
            Add($"output_{j}", hidden * dimension, isZero ? Initializer.Zero : Initializer.Normal(Math.Sqrt(0.5 / hidden)));
            Add($"biases_{j}", hidden + dimension, isZero ? target : rows.ForSum(2));

            void Add(string name, int width, Initializer initializer)
                => sources.Add(new RowSource(builder.AddTable($"{field.Name}/{name}", sizes[j], width, initializer), digits[j]));
        }

        builder.AddField(field, new PathCombination(dimension, hidden), sources);
    }
}
