namespace RecSys.Embeddings.Methods;

/// <summary>Sizes of a quotient and a remainder table of one field as a function of the divisor.</summary>
/// <param name="Vocabulary">Number of ids n.</param>
/// <param name="QuotientWidth">Numbers per row of the quotient table.</param>
/// <param name="RemainderWidth">Numbers per row of the remainder table.</param>
/// <param name="FullFloats">Numbers of the full table.</param>
internal readonly record struct QrSplit(long Vocabulary, int QuotientWidth, int RemainderWidth, long FullFloats)
{
    /// <summary>Numbers of the smallest split.</summary>
    public long SmallestFloats => Floats(SmallestDivisor);

    /// <summary>True when some split is smaller than the full table.</summary>
    public bool CanShrink => SmallestFloats < FullFloats;

    // From ⌈√n⌉ on, one more remainder row saves at most one quotient row, so the size never falls as the divisor grows.
    private long SmallestDivisor
    {
        get
        {
            long root = (long)Math.Sqrt(Vocabulary);
            while (root * root < Vocabulary)
                root++;
            return root;
        }
    }

    /// <summary>The split of a field. For concatenation the remainder table takes the larger half of an odd dimension.</summary>
    public static QrSplit Of(long vocabulary, int dimension, bool isConcat)
    {
        int quotientWidth = isConcat ? dimension / 2 : dimension;
        int remainderWidth = isConcat ? dimension - quotientWidth : dimension;
        return new QrSplit(vocabulary, quotientWidth, remainderWidth, vocabulary * dimension);
    }

    /// <summary>Rows of the quotient table, ⌈n / divisor⌉.</summary>
    public long QuotientRows(long divisor) => (Vocabulary + divisor - 1) / divisor;

    /// <summary>Numbers of both tables.</summary>
    public long Floats(long divisor) => (QuotientRows(divisor) * QuotientWidth) + (divisor * RemainderWidth);

    /// <summary>The largest divisor whose tables fit, or null when only the full table does better or nothing fits.</summary>
    /// <param name="floats">Numbers available.</param>
    public long? LargestDivisor(long floats)
    {
        long limit = Math.Min(floats, FullFloats - 1);
        long low = SmallestDivisor;
        if (Floats(low) > limit)
            return null;
        for (long high = Vocabulary; low < high;)
        {
            long middle = low + ((high - low + 1) / 2);
            if (Floats(middle) <= limit)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
