namespace RecSys.Embeddings.Methods;

/// <summary>
/// Unified embedding (feature multiplexing): all fields share one table. Each field reads several hashed chunks and concatenates
/// them; a field's salt depends on its name alone, so adding a field leaves the rows of the others where they are.
/// </summary>
/// <remarks>Coleman et al., "Unified Embedding: Battle-Tested Feature Representations for Web-Scale ML Systems", NeurIPS 2023.</remarks>
internal sealed class UnifiedMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "unified";

    /// <inheritdoc/>
    public override string Description => "One table of M rows of width d/k for all fields; id x reads k hashed rows, concatenated.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·M·d/k, exactly the budget, whatever the vocabularies";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["chunks"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int chunks = Math.Min(request.Options.GetInt32("chunks", 2), request.Dimension);
        if (request.Dimension % chunks != 0)
            throw new ArgumentException($"Method '{Name}' cannot cut a dimension of {request.Dimension} into {chunks} equal chunks; chunks must divide the dimension.");

        int width = request.Dimension / chunks;
        request.RequireBytes(Name, request.RowByteCount(width));
        long rowCount = request.BudgetByteCount / request.RowByteCount(width);
        var builder = new LayoutBuilder(request);
        int table = builder.AddTable("unified", rowCount, width, InitializerScaling.ForShared(request.Fields.Select(request.Initializer)));
        foreach (EmbeddingField field in request.Fields)
        {
            var sources = new RowSource[chunks];
            for (int j = 0; j < chunks; j++)
                sources[j] = new RowSource(table, new HashAddressing(request, field, j, rowCount));
            builder.AddField(field, sources);
        }

        return builder.Build();
    }
}
