using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>How the ids of a field become codes: parts of a vector, and bits per code of frequent and of other ids.</summary>
/// <param name="Parts">Parts D of a vector; divides the dimension.</param>
/// <param name="HeadBits">Bits per code of frequent ids; a part has 2^bits centroids.</param>
/// <param name="TailBits">Bits per code of the others, which use the first 2^bits centroids.</param>
/// <param name="HeadCount">Frequent ids.</param>
internal readonly record struct CodeShape(int Parts, int HeadBits, int TailBits, long HeadCount)
{
    private const int MostBits = 8;

    /// <summary>Centroids per part.</summary>
    public int Centroids => 1 << HeadBits;

    /// <summary>Bits of the codes of an id that is not frequent.</summary>
    private int Fineness => Parts * TailBits;

    /// <summary>
    /// The shapes a field can have, from the smallest to the largest; each is finer than those before it. Of shapes with as many bits per
    /// id the one with the fewest parts is taken, since fewer, longer codes describe more different vectors, unless its centroids would
    /// take more than a tenth of the codes.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="field">The field.</param>
    /// <param name="parts">Parts of a vector; 0 for any number.</param>
    /// <param name="head">Share of the ids that are frequent.</param>
    /// <param name="fewerBits">Bits that a code of another id has less.</param>
    public static List<CodeShape> All(MethodRequest request, EmbeddingField field, int parts, double head, int fewerBits)
    {
        long headCount = (long)Math.Ceiling(head * field.VocabularySize);
        var shapes =
            from d in Enumerable.Range(1, request.Dimension)
            where request.Dimension % d == 0 && (parts == 0 || d == parts)
            from bits in Enumerable.Range(1 + fewerBits, MostBits - fewerBits)
            select new CodeShape(d, bits, bits - fewerBits, headCount);
        List<CodeShape> ascending = [];
        foreach (var equal in shapes.GroupBy(s => s.Fineness).OrderBy(g => g.Key))
        {
            CodeShape shape = equal.OrderBy(s => s.Parts).Cast<CodeShape?>().FirstOrDefault(s => 10 * s!.Value.CentroidByteCount(request) <= s.Value.ByteCount(request, field))
                ?? equal.MinBy(s => s.ByteCount(request, field));
            if (ascending.Count == 0 || shape.ByteCount(request, field) > ascending[^1].ByteCount(request, field))
                ascending.Add(shape);
        }

        return ascending;
    }

    /// <summary>Bytes of centroids and codes.</summary>
    public long ByteCount(MethodRequest request, EmbeddingField field) => CentroidByteCount(request) + CodeByteCount(field);

    /// <summary>Bytes of the codes.</summary>
    public long CodeByteCount(EmbeddingField field)
        => PackedArray.ByteCountOf(HeadCount * Parts, HeadBits) + PackedArray.ByteCountOf((field.VocabularySize - HeadCount) * Parts, TailBits);

    private long CentroidByteCount(MethodRequest request) => (long)Parts * Centroids * request.RowByteCount(request.Dimension / Parts);
}
