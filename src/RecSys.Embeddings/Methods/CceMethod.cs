using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Clustered compositional embeddings: the vector is cut into columns, and in each the rows of two tables are added. Both rows are
/// hashed at first. Before an epoch the vectors are clustered: the centroids become the rows of the first table, each id points to the
/// nearest one, and the second table begins with what is left on average under a new hash. So ids that behave alike come to share a row.
/// </summary>
/// <remarks>
/// Tsang and Ahle, "Clustering the Sketch: Dynamic Compression for Embedding Tables", NeurIPS 2023. Their code draws the new hash for
/// each batch of ids, so that later ones are clustered by rows that they did not have; it divides by zero in rows without ids, keeps the
/// optimiser's state of the rows that were replaced, and does not count the pointers. Here one hash holds for a clustering, rows without
/// ids begin at zero, replaced rows have a new state, and pointers are paid for from the first step on.
/// </remarks>
internal sealed class CceMethod : EmbeddingMethod
{
    private const string Pointers = "pointers.";
    private const string Clusterings = "clusterings.";
    private const double LastEpochs = 0.75;

    // Columns when the option is not set and the dimension allows it.
    private const int MostColumns = 4;

    /// <inheritdoc/>
    public override string Name => "cce";

    /// <inheritdoc/>
    public override string Description => "Per field C columns with two tables of r rows of width d/C, whose rows are added; the row of the first is the id's cluster, learned while training and stored, that of the second a hash.";

    /// <inheritdoc/>
    public override string ByteFormula => "Σ(8·d·r + n·C·⌈log₂ r⌉/8 + 8)";

    /// <inheritdoc/>
    public override string Source => "Tsang & Ahle, NeurIPS 2023";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["columns", "clusterings"];

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options) => [MethodPhase.Train with { RebuildsTables = true }];

    /// <inheritdoc/>
    public override PhaseEnd? BeforeEpoch(PhaseContext context)
    {
        int most = MostClusterings(context.Request);
        FieldLayout[] fields = [.. context.Layout.Fields.Where(f => f.Combination is PairSumCombination)];
        if (context.Epoch == 0 || context.Epoch > most || context.Epoch > LastEpochs * context.EpochCount || fields.Length == 0)
            return null;

        Dictionary<string, PackedArray> arrays = [];
        List<(int Table, float[] Rows)> filled = [];
        foreach (FieldLayout field in fields)
            Cluster(context, field, arrays, filled);
        return new PhaseEnd(new MethodState(context.Request.State.Phase, arrays), tables => Fill(tables, filled));
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int columns = ColumnCount(request);
        MostClusterings(request);
        int rowByteCount = request.RowByteCount(request.Dimension / columns);
        var knobs = request.Fields
            .Select(f => new SizeKnob(request.FullRowsByteCount(f), Smallest: 1, f.VocabularySize, r => (2 * columns * r * rowByteCount) + PointerByteCount(f, columns, r)))
            .ToList();
        long?[] rowCounts = KnobAllocation.Values(request, knobs, Name);

        var builder = new LayoutBuilder(request);
        long byteCount = 0;
        for (int i = 0; i < rowCounts.Length; i++)
        {
            byteCount += rowCounts[i] is long r ? knobs[i].ByteCount(r) : knobs[i].FullByteCount;
            if (rowCounts[i] is long rowCount)
                AddColumns(builder, request, request.Fields[i], columns, rowCount);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build(byteCount);
    }

    private static void AddColumns(LayoutBuilder builder, MethodRequest request, EmbeddingField field, int columns, long rowCount)
    {
        (PackedArray? pointers, int clusterings) = Stored(request, field, columns);
        var initializer = request.Initializer(field).ForSum(2);
        int width = request.Dimension / columns;
        List<RowSource> sources = [];
        for (int c = 0; c < columns; c++)
        {
            Addressing cluster = pointers is null ? new HashAddressing(request, field, c, rowCount) : new PointerAddressing(pointers, columns, c);
            sources.Add(new RowSource(builder.AddTable($"{field.Name}/{c}/clusters", rowCount, width, initializer), cluster));
            sources.Add(new RowSource(builder.AddTable($"{field.Name}/{c}/rests", rowCount, width, initializer), Hash(request, field, columns, c, clusterings, rowCount)));
        }

        builder.AddField(field, PairSumCombination.Instance, sources);
    }

    private static void Cluster(PhaseContext context, FieldLayout layout, Dictionary<string, PackedArray> arrays, List<(int Table, float[] Rows)> filled)
    {
        EmbeddingField field = layout.Field;
        int columns = layout.Sources.Count / 2;
        int clusterings = Stored(context.Request, field, columns).Clusterings + 1;
        long rowCount = context.Tables[layout.Sources[0].Table].Spec.RowCount;
        var pointers = new PackedArray(field.VocabularySize * columns, PackedArray.BitsFor(rowCount - 1));
        for (int c = 0; c < columns; c++)
        {
            RowSource first = layout.Sources[2 * c];
            RowSource second = layout.Sources[(2 * c) + 1];
            var clusters = ColumnClusters.Of(
                field.VocabularySize,
                (context.Tables[first.Table], context.Tables[second.Table]),
                (first.Addressing!, second.Addressing!),
                Hash(context.Request, field, columns, c, clusterings, rowCount),
                RowHash.Salt(context.Request.HashSeed, context.Tables[first.Table].Spec.Name, clusterings));
            for (long id = 0; id < field.VocabularySize; id++)
                pointers[(id * columns) + c] = (uint)clusters.Nearest[id];
            filled.Add((first.Table, clusters.Centroids));
            filled.Add((second.Table, clusters.Rests));
        }

        arrays.Add(Pointers + field.Name, pointers);
        arrays.Add(Clusterings + field.Name, new PackedArray(1, bits: 32) { [0] = (uint)clusterings });
    }

    private static void Fill(IReadOnlyList<RowTable> tables, List<(int Table, float[] Rows)> filled)
    {
        foreach ((int table, float[] rows) in filled)
        {
            int width = tables[table].Spec.Width;
            for (int row = 0; row < rows.Length / width; row++)
                tables[table].RestartRow(row, rows.AsSpan(row * width, width));
        }
    }

    // Before the first clustering there is nothing to store.
    private static (PackedArray? Pointers, int Clusterings) Stored(MethodRequest request, EmbeddingField field, int columns)
        => request.State.Arrays.Count == 0
            ? (null, 0)
            : (request.State.Array(Pointers + field.Name, field.VocabularySize * columns), (int)request.State.Array(Clusterings + field.Name, 1)[0]);

    // The first look-ups of a field are the hashes that stand for clusters before there are any.
    private static HashAddressing Hash(MethodRequest request, EmbeddingField field, int columns, int column, int clusterings, long rowCount)
        => new(request, field, (columns * (clusterings + 1)) + column, rowCount);

    private static long PointerByteCount(EmbeddingField field, int columns, long rowCount)
        => PackedArray.ByteCountOf(field.VocabularySize * columns, PackedArray.BitsFor(rowCount - 1)) + PackedArray.ByteCountOf(1, 32);

    private static int MostClusterings(MethodRequest request) => request.Options.GetInt32("clusterings", int.MaxValue);

    private int ColumnCount(MethodRequest request)
    {
        // A set of another width than the others, such as single weights, has fewer columns.
        int fallback = Enumerable.Range(1, MostColumns).Last(c => request.Dimension % c == 0);
        int columns = Math.Min(request.Options.GetInt32("columns", fallback), request.Dimension);
        return request.Dimension % columns == 0
            ? columns
            : throw new ArgumentException($"Method '{Name}' cannot cut a dimension of {request.Dimension} into {columns} equal columns; columns must divide the dimension.");
    }
}
