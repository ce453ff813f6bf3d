namespace RecSys.Embeddings.Methods;

/// <summary>
/// ROBE-Z: one circular array of numbers for all fields. A vector is cut into blocks of Z numbers; each is read from a hashed place of
/// the array, where blocks of different ids may overlap in part. With Z = d an id is one contiguous read, with Z = 1 every number is
/// hashed alone.
/// </summary>
/// <remarks>
/// Desai, Chou and Shrivastava, "Random Offset Block Embedding (ROBE) for Compressed Embedding Tables in Deep Learning Recommendation
/// Systems", MLSys 2022. Each number of a vector has a random sign by default: without it, the numbers that two ids share add up with
/// the same sign in every dot product, which biases it.
/// </remarks>
internal sealed class RobeMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "robe";

    /// <inheritdoc/>
    public override string Description => "One circular array of M numbers for all fields; id x reads blocks of Z numbers at hashed places, each number with a random sign.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·M, the budget to Z numbers, whatever the vocabularies";

    /// <inheritdoc/>
    public override string Source => "Desai et al., MLSys 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["block", "signs"];

    /// <summary>Lays out an array that is read in blocks.</summary>
    /// <param name="request">The request; its option <c>signs</c> is read.</param>
    /// <param name="name">Name of the method and of the table.</param>
    /// <param name="block">Numbers of a block, at most the dimension.</param>
    internal static MethodLayout Lay(MethodRequest request, string name, int block)
    {
        bool isSigned = request.Options.GetChoice("signs", "true", "false") == "true";
        request.RequireBytes(name, request.RowByteCount(block));
        long rowCount = request.BudgetByteCount / request.RowByteCount(block);
        var builder = new LayoutBuilder(request);
        int table = builder.AddTable(name, rowCount, block, InitializerScaling.ForShared(request.Fields.Select(request.Initializer)));
        var combination = new BlockCombination(request.Dimension, block, isSigned);
        foreach (EmbeddingField field in request.Fields)
        {
            List<RowSource> sources = [];
            for (int number = 0; number * block < request.Dimension; number++)
                AddBlock(sources, table, part => new CircularAddressing(request, field, number, rowCount, block, part), block);
            if (isSigned)
                sources.Add(RowSource.Code(new HashCodeAddressing(request, field, lookup: -1)));
            builder.AddField(field, combination, sources);
        }

        return builder.Build();
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
        => Lay(request, Name, Math.Min(request.Options.GetInt32("block", request.Dimension), request.Dimension));

    private static void AddBlock(List<RowSource> sources, int table, Func<CircularAddressing.Part, CircularAddressing> addressing, int block)
    {
        sources.Add(new RowSource(table, addressing(CircularAddressing.Part.Row)));
        if (BlockCombination.SourcesPerBlock(block) == 1)
            return;
        sources.Add(new RowSource(table, addressing(CircularAddressing.Part.NextRow)));
        sources.Add(RowSource.Code(addressing(CircularAddressing.Part.Shift)));
    }
}
