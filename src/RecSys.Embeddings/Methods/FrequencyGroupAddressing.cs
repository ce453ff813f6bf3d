namespace RecSys.Embeddings.Methods;

/// <summary>
/// Row = the frequency group of an id, the most frequent first. Ids are numbered by falling frequency, and the groups are equally wide in
/// the logarithm of that number: under Zipf's law each has about the same share of all occurrences.
/// </summary>
internal sealed record FrequencyGroupAddressing : Addressing
{
    private readonly long[] _ends;

    /// <summary>Cuts a vocabulary into groups.</summary>
    /// <param name="vocabularySize">Ids.</param>
    /// <param name="groups">Number of groups.</param>
    public FrequencyGroupAddressing(long vocabularySize, int groups)
        => _ends = [.. Enumerable.Range(1, groups - 1).Select(g => (long)Math.Ceiling(Math.Pow(vocabularySize + 1, (double)g / groups)) - 1)];

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            int group = 0;
            while (group < _ends.Length && ids[i] >= _ends[group])
                group++;
            rows[i] = group;
        }
    }
}
