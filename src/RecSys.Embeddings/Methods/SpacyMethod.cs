using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// spaCy's hash embedding: the 128-bit hash of an id is cut into four words of 32 bits, and the rows they name in the table of the
/// field are added. Each field has its own seed. Several attributes of one value are several fields.
/// </summary>
/// <remarks>Miranda et al., "Multi hash embeddings in spaCy", 2022. The number of words that are used is the <c>hashes</c> of their experiments.</remarks>
internal sealed class SpacyMethod : EmbeddingMethod
{
    private const int MostHashes = 4;

    /// <inheritdoc/>
    public override string Name => "spacy";

    /// <inheritdoc/>
    public override string Description => "Per field m < n rows of width d, in proportion to n; id x reads the rows of the four words of its MurmurHash3, added.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σm, exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Miranda et al., 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hashes"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hashes = request.Options.GetInt32("hashes", MostHashes, maximum: MostHashes);
        long[] rowCounts = request.ProportionalRows(Name, request.RowByteCount(request.Dimension));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            if (rowCounts[i] == request.Fields[i].VocabularySize)
                builder.AddFull(request.Fields[i]);
            else
                AddHashed(builder, request, request.Fields[i], rowCounts[i], hashes);
        }

        return builder.Build();
    }

    private static void AddHashed(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long rowCount, int hashes)
    {
        int table = builder.AddTable(field.Name, rowCount, request.Dimension, request.Initializer(field).ForSum(hashes));
        uint seed = (uint)RowHash.Salt(request.HashSeed, field.Name, lookup: 0);
        var sources = new RowSource[hashes];
        for (int word = 0; word < hashes; word++)
            sources[word] = new RowSource(table, new MurmurAddressing(seed, word, rowCount));
        builder.AddField(field, new SumCombination(request.Dimension, scale: 1), sources);
    }
}
