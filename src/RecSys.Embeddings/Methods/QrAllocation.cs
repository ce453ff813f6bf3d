namespace RecSys.Embeddings.Methods;

/// <summary>Chooses a divisor per field so that quotient and remainder tables together use up a budget.</summary>
internal static class QrAllocation
{
    /// <summary>
    /// Fields get numbers in proportion to their vocabulary, at least their smallest split and at most the full table. When every
    /// split field is as large as a split can be and budget is left (concatenation above one half), whole fields become full,
    /// largest first.
    /// </summary>
    /// <returns>Divisor per field; null for fields stored in full.</returns>
    public static long?[] Divisors(MethodRequest request, QrSplit[] splits, string method)
    {
        bool[] isFull = [.. splits.Select(s => !s.CanShrink)];
        request.RequireBytes(method, Smallest(splits, isFull) * sizeof(float));
        int[] order = [.. RowAllocation.InOrder(request.Fields)];
        long budget = request.BudgetFloats;
        long?[] divisors = Fill(splits, isFull, budget, order);
        foreach (int i in order)
        {
            if (Used(splits, divisors) >= budget * 0.995)
                break;
            if (divisors[i] is null)
                continue;

            isFull[i] = true;
            if (Smallest(splits, isFull) <= budget)
                divisors = Fill(splits, isFull, budget, order);
            else
                isFull[i] = false;
        }

        return divisors;
    }

    private static long?[] Fill(QrSplit[] splits, bool[] isFull, long budget, int[] order)
    {
        double share = LargestShare(splits, isFull, budget);
        long?[] divisors = [.. splits.Select((s, i) => isFull[i] ? null : Divisor(s, Target(s, share)))];
        long left = budget - Used(splits, divisors);
        foreach (int i in order)
        {
            if (divisors[i] is not long divisor)
                continue;
            long before = splits[i].Floats(divisor);
            divisors[i] = Divisor(splits[i], before + left);
            left -= Used(splits[i], divisors[i]) - before;
        }

        return divisors;
    }

    private static long? Divisor(QrSplit split, long floats) => floats >= split.FullFloats ? null : split.LargestDivisor(floats);

    private static long Target(QrSplit split, double share)
        => share >= 1 ? split.FullFloats : Math.Clamp((long)(share * split.FullFloats), split.SmallestFloats, split.FullFloats);

    // Bisection keeps the lower end feasible: at share 0 every field has its smallest split.
    private static double LargestShare(QrSplit[] splits, bool[] isFull, long budget)
    {
        if (Sum(1) <= budget)
            return 1;
        double low = 0;
        double high = 1;
        for (int step = 0; step < 60; step++)
        {
            double middle = (low + high) / 2;
            if (Sum(middle) <= budget)
                low = middle;
            else
                high = middle;
        }

        return low;

        long Sum(double share) => splits.Select((s, i) => isFull[i] ? s.FullFloats : Target(s, share)).Sum();
    }

    private static long Smallest(QrSplit[] splits, bool[] isFull) => splits.Select((s, i) => isFull[i] ? s.FullFloats : s.SmallestFloats).Sum();

    private static long Used(QrSplit split, long? divisor) => divisor is long d ? split.Floats(d) : split.FullFloats;

    private static long Used(QrSplit[] splits, long?[] divisors) => splits.Zip(divisors, Used).Sum();
}
