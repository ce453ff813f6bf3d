using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>Row = the stored code of one part of an id, among the centroids of that part. The most frequent ids have codes of their own length.</summary>
/// <param name="Head">Codes of the most frequent ids, [ids × parts].</param>
/// <param name="Tail">Codes of the others, [ids × parts].</param>
/// <param name="Parts">Codes per id.</param>
/// <param name="Part">Number of the part.</param>
/// <param name="Centroids">Centroids per part.</param>
internal sealed record CodeAddressing(PackedArray Head, PackedArray Tail, int Parts, int Part, int Centroids) : Addressing
{
    private readonly long _headCount = Head.Length / Parts;

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        long first = (long)Part * Centroids;
        while (!ids.IsEmpty)
        {
            // Runs of ids that are all frequent, or all not.
            bool isHead = ids[0] < _headCount;
            int count = 1;
            while (count < ids.Length && ids[count] < _headCount == isHead)
                count++;
            (isHead ? Head : Tail).Read(ids[..count], isHead ? 0 : _headCount, Parts, Part, first, rows);
            ids = ids[count..];
            rows = rows[count..];
        }
    }
}
