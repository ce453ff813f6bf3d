using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A tensor train of three cores: an id has three digits, each selects a matrix of its core, and the product of the three matrices is
/// the vector. The rank between the cores follows from the budget, per field.
/// </summary>
/// <remarks>
/// <para>Yin et al., "TT-Rec: Tensor Train Compression for Deep Learning Recommendation Models", MLSys 2021; the factors of rows are as
/// balanced as possible. Numbers of the cores start with its sampled Gaussian, scaled so that a vector has the variance of a full table.
/// A table that starts at a constant starts at zero here: the third core is zero, and the others are not, so that it learns.</para>
/// <para>Vocabularies are numbered by falling frequency, so the first ids are the most frequent. With <c>hot</c> they have full rows of
/// their own and do not touch the cores.</para>
/// </remarks>
internal sealed class TensorTrainMethod : EmbeddingMethod, IVectorCompression
{
    // A look-up multiplies matrices of rank² numbers: a million is beyond any use.
    private const int LargestRank = 1024;

    /// <inheritdoc/>
    public override string Name => "tt_rec";

    /// <inheritdoc/>
    public override string Description
        => "Per field three cores of n₁, n₂, n₃ ≈ n^⅓ matrices with rank R between them; id x multiplies one matrix of each. The first hot ids have rows of their own.";

    /// <inheritdoc/>
    public override string ByteFormula
        => "4·Σ(n₁·d₁·R + n₂·d₂·R² + n₃·d₃·R), or 4·d·n where that is less; with hot: n − hot ids, and hot + 1 rows and one matrix per core more";

    /// <inheritdoc/>
    public override string Source => "Yin et al., MLSys 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hot"];

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
    {
        MethodLayout layout = Build(request);
        int hot = Hot(request);
        return new PhaseEnd(new MethodState(0), tables =>
        {
            for (int f = 0; f < vectors.Count; f++)
                Fill(vectors[f], Shape(request, request.Fields[f], hot), hot, [.. layout.Fields[f].Sources.Where(s => !s.IsCode).Select(s => tables[s.Table])]);
        });
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hot = Hot(request);
        TensorTrainShape[] shapes = [.. request.Fields.Select(f => Shape(request, f, hot))];
        SizeKnob[] knobs = [.. request.Fields.Zip(shapes, (field, shape) => Knob(request, field, shape, hot))];
        long?[] ranks = KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < ranks.Length; i++)
        {
            if (ranks[i] is long rank)
                AddCores(builder, request, request.Fields[i], shapes[i], (int)rank, hot);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build();
    }

    private static int Hot(MethodRequest request) => request.Options.GetInt32("hot", 0, minimum: 0);

    private static TensorTrainShape Shape(MethodRequest request, EmbeddingField field, int hot)
        => TensorTrainShape.Of(Math.Max(1, field.VocabularySize - hot), request.Dimension);

    // One table is a full one; three are the cores, and behind them may be the rows of the first ids.
    private static void Fill(RowTable vectors, TensorTrainShape shape, int hot, RowTable[] tables)
    {
        if (tables.Length == 1)
        {
            tables[0].CopyFrom(vectors);
            return;
        }

        new TensorTrainDecomposition(vectors, hot, shape).Write(tables[0], tables[1], tables[2]);
        for (int id = 0; id < hot; id++)
            tables[3].WriteRow(id, vectors.Row(id));
    }

    private static SizeKnob Knob(MethodRequest request, EmbeddingField field, TensorTrainShape shape, int hot)
    {
        long hotBytes = hot == 0 ? 0 : (hot + 1L) * request.RowByteCount(request.Dimension);
        return new SizeKnob(request.FullRowsByteCount(field), 1, LargestRank, rank
            => hotBytes + Enumerable.Range(0, 3).Sum(core => RowCount(shape, core, hot) * request.RowByteCount(shape.Widths((int)rank)[core])));
    }

    // One row more than digits when some ids have none.
    private static long RowCount(TensorTrainShape shape, int core, int hot) => shape.RowFactors[core] + (hot == 0 ? 0 : 1);

    private static void AddCores(LayoutBuilder builder, MethodRequest request, EmbeddingField field, TensorTrainShape shape, int rank, int hot)
    {
        var target = request.Initializer(field);
        var initializers = Initializers(target, rank);
        DigitAddressing[] digits = [.. Radices.Digits([.. shape.RowFactors.Reverse()]).Reverse()];
        List<RowSource> sources = [];
        for (int core = 0; core < 3; core++)
        {
            int table = builder.AddTable($"{field.Name}/core_{core + 1}", RowCount(shape, core, hot), shape.Widths(rank)[core], initializers[core]);
            sources.Add(new RowSource(table, hot == 0 ? digits[core] : new ColdAddressing(hot, digits[core])));
        }

        if (hot > 0)
        {
            int table = builder.AddTable($"{field.Name}/hot", hot + 1L, request.Dimension, target);
            sources.Add(new RowSource(table, new HotAddressing(hot)));
            sources.Add(RowSource.Code(IdentityAddressing.Instance));
        }

        builder.AddField(field, new TensorTrainCombination(shape.ColumnFactors, rank, hot), sources);
    }

    // A number of the vector is a sum of rank² products of three.
    private static Initializer[] Initializers(Initializer target, int rank)
    {
        double deviation = target.StandardDeviation();
        if (deviation == 0)
            return [Initializer.SampledGaussian(Math.Pow(rank, -0.25)), Initializer.SampledGaussian(Math.Pow(rank, -0.25)), Initializer.Zero];
        return [.. Enumerable.Repeat(Initializer.SampledGaussian(Math.Cbrt(deviation / rank)), 3)];
    }
}
