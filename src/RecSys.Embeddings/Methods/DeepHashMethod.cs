using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Deep hash embedding: no rows per id at all. An id is hashed to k numbers in (−1, 1), and a network per field turns them into the
/// vector. Its width follows from the budget.
/// </summary>
/// <remarks>
/// <para>Kang et al., "Learning to Embed Categorical Features without Embedding Tables for Recommendation", KDD 2021. Its batch
/// normalisation is left out, because it would make the vector of an id depend on the other ids of the mini-batch; for the same reason,
/// two hidden layers are the default instead of five: deep networks train slowly without it. So are 8 hashes per unit of width, at most
/// the paper's 1024: with 1024 of them, small networks would consist of their first layer.</para>
/// <para>Weights start normal, such that the input of every unit has variance 1 and the vector that of a full table; a table that
/// starts at a constant starts at zero here. Weights and biases of a layer are one table, the biases its last row.</para>
/// </remarks>
internal sealed class DeepHashMethod : EmbeddingMethod
{
    private const int HashesPerUnit = 8;
    private const int MostHashes = 1024;

    // More weights than any budget: the products of a layer are indexed by 32 bits.
    private const int LargestWidth = 1 << 15;

    // Mean square of a hash number, uniform in (−1, 1), and of an activation whose input is standard normal.
    private const double HashSquare = 1.0 / 3;
    private const double MishSquare = 0.4523421923758639;
    private const double ReluSquare = 0.5;

    /// <inheritdoc/>
    public override string Name => "dhe";

    /// <inheritdoc/>
    public override string Description => "Per field a network: id x is hashed to k numbers in (−1, 1), the input of hidden layers of w units and a linear output; no rows per id.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ((k+1)·w + (layers−1)·(w+1)·w + (w+1)·d), or 4·d·n where that is less";

    /// <inheritdoc/>
    public override string Source => "Kang et al., KDD 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hashes", "layers", "activation"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hashes = request.Options.GetInt32("hashes", fallback: 0);
        int layers = request.Options.GetInt32("layers", 2);
        bool isMish = request.Options.GetChoice("activation", "mish", "relu") == "mish";
        SizeKnob[] knobs = [.. request.Fields.Select(f => new SizeKnob(request.FullRowsByteCount(f), 1, LargestWidth, width
            => Shapes(request.Dimension, (int)width, hashes, layers).Sum(s => (long)s.Rows * request.RowByteCount(s.Width))))];
        long?[] widths = KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < widths.Length; i++)
        {
            if (widths[i] is long width)
                AddNetwork(builder, request, request.Fields[i], Shapes(request.Dimension, (int)width, hashes, layers), isMish);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build();
    }

    // Per layer a row for each number that goes in, and one for the biases.
    private static (int Rows, int Width)[] Shapes(int dimension, int width, int hashes, int layers)
    {
        int inputs = hashes > 0 ? hashes : Math.Min(HashesPerUnit * width, MostHashes);
        return [(inputs + 1, width), .. Enumerable.Repeat((width + 1, width), layers - 1), (width + 1, dimension)];
    }

    private static void AddNetwork(LayoutBuilder builder, MethodRequest request, EmbeddingField field, (int Rows, int Width)[] shapes, bool isMish)
    {
        List<RowSource> sources = [RowSource.Code(new HashCodeAddressing(request, field, lookup: 0))];
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            bool isOutput = layer == shapes.Length - 1;
            double square = layer == 0 ? HashSquare : isMish ? MishSquare : ReluSquare;
            double target = isOutput ? request.Initializer(field).StandardDeviation() : 1;
            var (rows, width) = shapes[layer];

            // Each sum has rows − 1 products with an input and one bias.
            var initializer = target == 0 ? Initializer.Zero : Initializer.Normal(target / Math.Sqrt(((rows - 1) * square) + 1));
            string name = isOutput ? "output" : $"layer_{layer + 1}";
            sources.Add(new RowSource(builder.AddTable($"{field.Name}/{name}", rows, width, initializer), Addressing: null));
        }

        builder.AddField(field, new DeepHashCombination(request.Dimension, isMish), sources);
    }
}
