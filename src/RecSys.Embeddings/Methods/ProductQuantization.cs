using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Trains full tables whose vectors are put together from a few centroids per part, and keeps the centroids and the codes of the ids. What
/// the methods built on it decide is who gets how many centroids.
/// </summary>
internal abstract class ProductQuantization : EmbeddingMethod, IVectorCompression
{
    // Ids whose centroids count as used; the most frequent ones.
    private const int SampleCount = 1 << 14;
    private const string TailSuffix = ":tail";

    // Rounds of k-means, and ids for each centroid.
    private const int Rounds = 20;
    private const long IdsPerCentroid = 200;

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["parts"];

    /// <inheritdoc/>
    public override int StepInterval => 50;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options) => [MethodPhase.Train, new("serve", Epochs: 0)];

    /// <summary>Share of the ids, the most frequent ones, that may use all centroids.</summary>
    protected abstract double Head { get; }

    /// <summary>Bits that a code of the other ids has less.</summary>
    protected abstract int FewerBits { get; }

    /// <summary>Moves centroids that nobody uses to rows of the table, in the first half of the phase.</summary>
    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        if (2 * context.Step > context.StepCount)
            return false;
        for (int t = 0; t < context.Tables.Count; t++)
        {
            if (IsCodebook(context.Tables[t]))
                Reseed(context.Tables[t - 1], context.Tables[t], (ulong)context.Step);
        }

        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        Dictionary<string, PackedArray> codes = [];
        foreach (EmbeddingField field in context.Request.Fields)
        {
            if (context.Layout.Of(field) is { Sources: [var query, var centroids, { Addressing: TierAddressing tier }] })
                AddCodes(codes, field, context.Tables[query.Table], All(context.Tables[centroids.Table]), context.Tables[centroids.Table].Spec.Width, tier);
        }

        return new PhaseEnd(new MethodState(1, codes), tables => CarriedRows.CopyByName(context.Tables, tables));
    }

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
    {
        CodeShape?[] shapes = Shapes(request);
        Dictionary<string, PackedArray> codes = [];
        List<Action<IReadOnlyList<RowTable>>> fills = [];
        for (int f = 0; f < shapes.Length; f++)
        {
            int own = f;
            RowTable query = vectors[f];
            if (shapes[f] is not CodeShape shape)
            {
                fills.Add(tables => tables[own].CopyFrom(query));
                continue;
            }

            int width = request.Dimension / shape.Parts;
            float[] centroids = Centroids(query, shape, RowHash.Salt(request.HashSeed, request.Fields[f].Name, 0));
            AddCodes(codes, request.Fields[f], query, AsKept(centroids, width, request.Precision), width, Tier(shape));
            fills.Add(tables => Write(centroids, tables[own]));
        }

        return new PhaseEnd(new MethodState(1, codes), tables => fills.ForEach(fill => fill(tables)));
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        CodeShape?[] shapes = Shapes(request);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < shapes.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (shapes[i] is not CodeShape shape)
                builder.AddFull(field);
            else if (request.State.Phase == 0)
                AddQueries(builder, request, field, shape);
            else
                AddCoded(builder, request, field, shape);
        }

        long serve = shapes.Zip(request.Fields, (s, f) => s?.ByteCount(request, f) ?? request.FullRowsByteCount(f)).Sum();
        return builder.Build(serve, shapes.Zip(request.Fields, (s, f) => s?.CodeByteCount(f) ?? 0).Sum());
    }

    private CodeShape?[] Shapes(MethodRequest request)
    {
        int parts = request.Options.GetInt32("parts", 0, minimum: 0);
        if (parts > 0 && request.Dimension % parts != 0)
            throw new ArgumentException($"Method '{Name}' cannot cut a dimension of {request.Dimension} into {parts} equal parts; parts must divide the dimension.");
        List<CodeShape>[] choices = [.. request.Fields.Select(f => CodeShape.All(request, f, parts, Head, FewerBits))];
        SizeKnob[] knobs = [.. request.Fields.Select((f, i) => new SizeKnob(
            request.FullRowsByteCount(f), Smallest: 0, choices[i].Count - 1, choice => choices[i][(int)choice].ByteCount(request, f)))];
        return [.. KnobAllocation.Values(request, knobs, Name).Select((choice, i) => choice is long c ? choices[i][(int)c] : (CodeShape?)null)];
    }

    private static void AddQueries(LayoutBuilder builder, MethodRequest request, EmbeddingField field, CodeShape shape)
    {
        int query = builder.AddTable($"{field.Name}/query", field.VocabularySize, request.Dimension, request.Initializer(field));
        int codebook = AddCodebook(builder, request, field, shape);
        builder.AddField(
            field,
            new QuantizeCombination(request.Dimension, shape.Parts),
            new RowSource(query, IdentityAddressing.Instance),
            new RowSource(codebook, Addressing: null),
            RowSource.Code(Tier(shape)));
    }

    private static TierAddressing Tier(CodeShape shape) => new(shape.HeadCount, 1 << shape.HeadBits, 1 << shape.TailBits);

    private static void AddCoded(LayoutBuilder builder, MethodRequest request, EmbeddingField field, CodeShape shape)
    {
        PackedArray head = request.State.Array(field.Name, shape.HeadCount * shape.Parts);
        PackedArray tail = request.State.Array(field.Name + TailSuffix, (field.VocabularySize - shape.HeadCount) * shape.Parts);
        int codebook = AddCodebook(builder, request, field, shape);
        builder.AddField(field, [.. Enumerable.Range(0, shape.Parts).Select(part => new RowSource(codebook, new CodeAddressing(head, tail, shape.Parts, part, shape.Centroids)))]);
    }

    private static int AddCodebook(LayoutBuilder builder, MethodRequest request, EmbeddingField field, CodeShape shape)
        => builder.AddTable($"{field.Name}/codebook", shape.Parts * shape.Centroids, request.Dimension / shape.Parts, request.Initializer(field));

    private static bool IsCodebook(RowTable table) => table.Spec.Name.EndsWith("/codebook", StringComparison.Ordinal);

    // The codes of all ids, those that training never met too.
    private static void AddCodes(Dictionary<string, PackedArray> codes, EmbeddingField field, RowTable query, float[] centroids, int width, TierAddressing tier)
    {
        int parts = query.Spec.Width / width;
        int perPart = centroids.Length / query.Spec.Width;
        var head = new PackedArray(tier.HeadCount * parts, PackedArray.BitsFor(tier.Head - 1));
        var tail = new PackedArray((field.VocabularySize - tier.HeadCount) * parts, PackedArray.BitsFor(tier.Tail - 1));
        using var codebook = new Codebook(centroids, parts, width);
        float[] row = new float[query.Spec.Width];
        for (long id = 0; id < field.VocabularySize; id++)
        {
            bool isHead = id < tier.HeadCount;
            query.ReadRow(id, row);
            for (int part = 0; part < parts; part++)
            {
                uint code = (uint)(codebook.Nearest(part, row.AsSpan(part * width, width), (int)(isHead ? tier.Head : tier.Tail)) - (part * perPart));
                (isHead ? head : tail)[((isHead ? id : id - tier.HeadCount) * parts) + part] = code;
            }
        }

        codes.Add(field.Name, head);
        codes.Add(field.Name + TailSuffix, tail);
    }

    // Part after part: first the centroids that every id may use, found for all ids, then those for frequent ids, found for these.
    private static float[] Centroids(RowTable query, CodeShape shape, ulong seed)
    {
        int width = query.Spec.Width / shape.Parts;
        int common = 1 << shape.TailBits;
        List<float> centroids = [];
        for (int part = 0; part < shape.Parts; part++)
        {
            centroids.AddRange(Means(query, query.Spec.RowCount, part, width, common, seed + (ulong)part));
            if (shape.Centroids > common)
                centroids.AddRange(Means(query, shape.HeadCount, part, width, shape.Centroids - common, seed + (ulong)part));
        }

        return [.. centroids];
    }

    // Of the first ids; evenly over them, so that frequent and rare ones have their share.
    private static float[] Means(RowTable query, long idCount, int part, int width, int count, ulong seed)
    {
        long sampled = Math.Min(idCount, count * IdsPerCentroid);
        float[] points = new float[sampled * width];
        float[] row = new float[query.Spec.Width];
        for (long i = 0; i < sampled; i++)
        {
            query.ReadRow(i * idCount / sampled, row);
            row.AsSpan(part * width, width).CopyTo(points.AsSpan((int)i * width));
        }

        return KMeans.Of(points, width, count, seed, Rounds, Environment.ProcessorCount).Centroids;
    }

    private static void Write(float[] rows, RowTable table)
    {
        for (int row = 0; row < table.Spec.RowCount; row++)
            table.WriteRow(row, rows.AsSpan(row * table.Spec.Width, table.Spec.Width));
    }

    // The numbers that rows of a precision keep of these.
    private static float[] AsKept(float[] rows, int width, RowPrecision precision)
    {
        var spec = new TableSpec("kept", rows.Length / width, width, Initializer.Zero) { Precision = precision.For(width) };
        using var table = new RowTable(spec, new Sgd(new SparseOptimizerOptions()), seed: 0);
        Write(rows, table);
        return All(table);
    }

    private static void Reseed(RowTable query, RowTable centroids, ulong salt)
    {
        int width = centroids.Spec.Width;
        int parts = query.Spec.Width / width;
        int count = (int)Math.Min(SampleCount, query.Spec.RowCount);
        float[] row = new float[query.Spec.Width];
        bool[] isUsed = new bool[centroids.Spec.RowCount];
        using (var codebook = new Codebook(All(centroids), parts, width))
        {
            for (int id = 0; id < count; id++)
            {
                query.ReadRow(id, row);
                for (int part = 0; part < parts; part++)
                    isUsed[codebook.Nearest(part, row.AsSpan(part * width, width), isUsed.Length / parts)] = true;
            }
        }

        for (int centroid = 0; centroid < isUsed.Length; centroid++)
        {
            if (isUsed[centroid])
                continue;
            query.ReadRow((long)(RowHash.Mix(salt + ((ulong)centroid << 32)) % (ulong)count), row);
            centroids.WriteRow(centroid, row.AsSpan(centroid / (isUsed.Length / parts) * width, width));
        }
    }

    private static float[] All(RowTable table)
    {
        var values = new float[table.Spec.RowCount * table.Spec.Width];
        EmbeddingKernels.Gather(table.Memory, [.. Enumerable.Range(0, (int)table.Spec.RowCount).Select(r => (long)r)], values);
        return values;
    }
}
