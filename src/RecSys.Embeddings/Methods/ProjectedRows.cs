using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>A field stored as one narrow row per id and a learned matrix of its own that makes vectors of them.</summary>
internal static class ProjectedRows
{
    /// <summary>Bytes of the field at a width; those of the full table where rows and matrix together take no less.</summary>
    public static long ByteCount(MethodRequest request, EmbeddingField field, int width)
        => Shrinks(request, field, width) ? Narrow(request, field, width) : request.FullRowsByteCount(field);

    /// <summary>Adds the field: rows and matrix, or the full table where those take no less.</summary>
    public static void Add(LayoutBuilder builder, MethodRequest request, EmbeddingField field, int width)
    {
        if (!Shrinks(request, field, width))
        {
            builder.AddFull(field);
            return;
        }

        int table = builder.AddTable(field.Name, field.VocabularySize, width, request.Initializer(field));

        // Each output is a sum of `width` products; a variance of 1/width per matrix entry keeps the variance of the rows.
        int projection = builder.AddTable($"{field.Name}/projection", width, request.Dimension, Initializer.Normal(1 / Math.Sqrt(width)));
        builder.AddField(
            field,
            new ProjectionCombination(request.Dimension),
            new RowSource(table, IdentityAddressing.Instance),
            new RowSource(projection, Addressing: null));
    }

    private static long Narrow(MethodRequest request, EmbeddingField field, int width)
        => (field.VocabularySize * request.RowByteCount(width)) + (width * request.RowByteCount(request.Dimension));

    private static bool Shrinks(MethodRequest request, EmbeddingField field, int width)
        => width < request.Dimension && Narrow(request, field, width) < request.FullRowsByteCount(field);
}
