namespace RecSys.Embeddings.Methods;

/// <summary>The hashing trick: ids of a field share the rows of a smaller table.</summary>
/// <remarks>Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.</remarks>
internal sealed class HashMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "hash";

    /// <inheritdoc/>
    public override string Description => "Per field m < n rows of width d, in proportion to n; id x reads row hash(x) of them.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σm, exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Weinberger et al., ICML 2009";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["function"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        bool isModulo = request.Options.GetChoice("function", "mix", "modulo") == "modulo";
        long[] rowCounts = request.ProportionalRows(Name, request.RowByteCount(request.Dimension));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (rowCounts[i] == field.VocabularySize)
            {
                builder.AddFull(field);
                continue;
            }

            int table = builder.AddTable(field.Name, rowCounts[i], request.Dimension, request.Initializer(field));
            Addressing addressing = isModulo ? new DigitAddressing(1, rowCounts[i]) : new HashAddressing(request, field, 0, rowCounts[i]);
            builder.AddField(field, new RowSource(table, addressing));
        }

        return builder.Build();
    }
}
