using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Unified embedding (feature multiplexing): all fields share one table, or a few. Each field reads several hashed chunks and
/// concatenates them; a field's salt and tables depend on its name alone, so adding a field leaves the rows of the others where they
/// are. A field with fewer chunks than others has a narrower vector: the rest of the d numbers is zero.
/// </summary>
/// <remarks>
/// Coleman et al., "Unified Embedding: Battle-Tested Feature Representations for Web-Scale ML Systems", NeurIPS 2023. There a counter
/// over the chunks of all features deals them out to the tables, so that a new feature moves the later ones; here the first table of
/// a field is drawn by its name.
/// </remarks>
internal sealed class UnifiedMethod : EmbeddingMethod
{
    private const string Table = "unified";

    /// <inheritdoc/>
    public override string Name => "unified";

    /// <inheritdoc/>
    public override string Description => "One table, or several with M rows together, of width d/k for all fields; id x reads k hashed rows, concatenated (chunk_rule: by_vocabulary: fewer in small fields).";

    /// <inheritdoc/>
    public override string ByteFormula => "4·M·d/k, exactly the budget, whatever the vocabularies";

    /// <inheritdoc/>
    public override string Source => "Coleman et al., NeurIPS 2023";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["chunks", "chunk_rule", "tables"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int chunks = Math.Min(request.Options.GetInt32("chunks", 2), request.Dimension);
        if (request.Dimension % chunks != 0)
            throw new ArgumentException($"Method '{Name}' cannot cut a dimension of {request.Dimension} into {chunks} equal chunks; chunks must divide the dimension.");

        bool isByVocabulary = request.Options.GetChoice("chunk_rule", "same", "by_vocabulary") == "by_vocabulary";
        var builder = new LayoutBuilder(request);
        long[] rowCounts = AddTables(builder, request, request.Dimension / chunks);
        foreach (EmbeddingField field in request.Fields)
        {
            int first = (int)(RowHash.Salt(request.HashSeed, field.Name, lookup: chunks) % (ulong)rowCounts.Length);
            var sources = new RowSource[isByVocabulary ? Math.Min(chunks, DecimalDigits(field.VocabularySize)) : chunks];
            for (int j = 0; j < sources.Length; j++)
            {
                int table = (first + j) % rowCounts.Length;
                sources[j] = new RowSource(table, new HashAddressing(request, field, j, rowCounts[table]));
            }

            builder.AddField(field, sources);
        }

        return builder.Build();
    }

    private long[] AddTables(LayoutBuilder builder, MethodRequest request, int width)
    {
        int tables = request.Options.GetInt32("tables", 1);
        request.RequireBytes(Name, (long)tables * request.RowByteCount(width));
        long rowCount = request.BudgetByteCount / request.RowByteCount(width);
        var initializer = InitializerScaling.ForShared(request.Fields.Select(request.Initializer));
        var rowCounts = new long[tables];
        for (int t = 0; t < tables; t++)
        {
            rowCounts[t] = (rowCount / tables) + (t < rowCount % tables ? 1 : 0);
            builder.AddTable(tables == 1 ? Table : $"{Table}_{t}", rowCounts[t], width, initializer);
        }

        return rowCounts;
    }

    // One chunk per digit: a rule that knows nothing of the other fields, so that adding a field changes no other.
    private static int DecimalDigits(long vocabulary)
    {
        int digits = 1;
        for (; vocabulary >= 10; vocabulary /= 10)
            digits++;
        return digits;
    }
}
