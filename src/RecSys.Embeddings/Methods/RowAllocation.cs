namespace RecSys.Embeddings.Methods;

/// <summary>Splits a number of rows over fields in proportion to their vocabularies.</summary>
internal static class RowAllocation
{
    /// <summary>
    /// Largest-remainder split: every field gets at least one row and at most its vocabulary, and the parts add up to exactly
    /// <paramref name="rowCount"/> (or to all ids, if that is less). A field's part does not depend on the order of the fields.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <param name="rowCount">Rows to give away, ≥ number of fields.</param>
    public static long[] Proportional(IReadOnlyList<EmbeddingField> fields, long rowCount)
    {
        long total = fields.Sum(f => f.VocabularySize);
        if (rowCount >= total)
            return [.. fields.Select(f => f.VocabularySize)];

        bool[] isFloored = FieldsBelowOneRow(fields, ref rowCount, ref total);
        var parts = new long[fields.Count];
        var remainders = new Int128[fields.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            Int128 share = isFloored[i] ? total : (Int128)fields[i].VocabularySize * rowCount;
            parts[i] = (long)(share / total);
            remainders[i] = share % total;
        }

        long rest = rowCount - parts.Where((_, i) => !isFloored[i]).Sum();
        foreach (int i in InOrder(fields).OrderByDescending(i => remainders[i]).Take((int)rest))
            parts[i]++;
        return parts;
    }

    /// <summary>Indices of the fields, largest vocabulary first, then by name: an order that does not depend on the input order.</summary>
    public static IEnumerable<int> InOrder(IReadOnlyList<EmbeddingField> fields)
        => Enumerable.Range(0, fields.Count)
            .OrderByDescending(i => fields[i].VocabularySize)
            .ThenBy(i => fields[i].Name, StringComparer.Ordinal);

    // A field whose share is below one row takes one; that lowers the share of the others, which may push further fields below one.
    private static bool[] FieldsBelowOneRow(IReadOnlyList<EmbeddingField> fields, ref long rowCount, ref long total)
    {
        var isFloored = new bool[fields.Count];
        foreach (int i in InOrder(fields).Reverse())
        {
            long vocabulary = fields[i].VocabularySize;
            if ((Int128)vocabulary * rowCount >= total)
                break;
            isFloored[i] = true;
            rowCount--;
            total -= vocabulary;
        }

        return isFloored;
    }
}
