using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Every id has its own row of full width: no collisions, no compression. The reference of every comparison.</summary>
internal sealed class FullMethod : EmbeddingMethod, IVectorCompression
{
    /// <inheritdoc/>
    public override string Name => "full";

    /// <inheritdoc/>
    public override string Description => "One row of width d per id.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σn";

    /// <inheritdoc/>
    public override string Source => "–";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => [];

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
        => new(new MethodState(0), tables =>
        {
            for (int f = 0; f < vectors.Count; f++)
                tables[f].CopyFrom(vectors[f]);
        });

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        request.RequireBytes(Name, request.Fields.Sum(request.FullRowsByteCount));
        var builder = new LayoutBuilder(request);
        foreach (EmbeddingField field in request.Fields)
            builder.AddFull(field);
        return builder.Build();
    }
}
