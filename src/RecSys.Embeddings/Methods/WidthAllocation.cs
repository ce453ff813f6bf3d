namespace RecSys.Embeddings.Methods;

/// <summary>The widths that fields can have, and how what a budget has left after rounding them down is used up.</summary>
internal static class WidthAllocation
{
    /// <summary>Powers of two, ascending, and the largest width itself.</summary>
    /// <param name="least">The smallest width.</param>
    /// <param name="most">The largest width, ≥ <paramref name="least"/>.</param>
    public static int[] PowersOfTwo(int least, int most)
        => [.. Enumerable.Range(0, 31).Select(power => 1 << power).Where(width => width >= least && width < most), most];

    /// <summary>Adds one to the widths of fields, so that as much as possible of a budget is used.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="widths">Widths that fit the budget; those below <paramref name="most"/> may grow by one.</param>
    /// <param name="most">The largest width.</param>
    /// <param name="byteCount">Bytes of a field, by its number, at a width.</param>
    /// <param name="budget">Bytes allowed.</param>
    /// <returns>False when no field could grow.</returns>
    public static bool Widen(IReadOnlyList<EmbeddingField> fields, int[] widths, int most, Func<int, int, long> byteCount, long budget)
    {
        long left = budget - widths.Select((width, i) => byteCount(i, width)).Sum();
        int[] order = [.. RowAllocation.InOrder(fields).Where(i => widths[i] < most)];
        List<int> grown = LargestSubset(order, i => byteCount(i, widths[i] + 1) - byteCount(i, widths[i]), left);
        foreach (int i in grown)
            widths[i]++;
        return grown.Count > 0;
    }

    // Largest field first as long as they fit, once with every field allowed and once without each of them, because a single large
    // field can block a better mixture.
    private static List<int> LargestSubset(int[] order, Func<int, long> size, long limit)
    {
        List<int> best = [];
        long bestSum = -1;
        foreach (int leftOut in order.Prepend(-1))
        {
            List<int> chosen = [];
            long sum = 0;
            foreach (int i in order)
            {
                if (i == leftOut || sum + size(i) > limit)
                    continue;
                chosen.Add(i);
                sum += size(i);
            }

            if (sum > bestSum)
                (best, bestSum) = (chosen, sum);
        }

        return best;
    }
}
