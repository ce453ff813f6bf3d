namespace RecSys.Embeddings.Methods;

/// <summary>Chooses a knob per field so that all fields together use up a budget.</summary>
internal static class KnobAllocation
{
    /// <summary>
    /// Fields get bytes in proportion to their vocabulary, at least their smallest size and at most one row per id. When every
    /// compressed field is as large as it can be and budget is left, whole fields become full, largest first.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="knobs">One per field, in the order of the request.</param>
    /// <param name="method">Name of the method, for the message.</param>
    /// <returns>Value per field; null for fields stored in full.</returns>
    /// <exception cref="BudgetException">The smallest sizes together are above the budget.</exception>
    public static long?[] Values(MethodRequest request, IReadOnlyList<SizeKnob> knobs, string method)
    {
        bool[] isFull = [.. knobs.Select(k => !k.CanShrink)];
        request.RequireBytes(method, Smallest(knobs, isFull));
        int[] order = [.. RowAllocation.InOrder(request.Fields)];
        long?[] values = Fill(knobs, isFull, request.BudgetByteCount, order);
        foreach (int i in order)
        {
            if (Used(knobs, values) >= request.BudgetByteCount * 0.995)
                break;
            if (values[i] is null)
                continue;

            isFull[i] = true;
            if (Smallest(knobs, isFull) <= request.BudgetByteCount)
                values = Fill(knobs, isFull, request.BudgetByteCount, order);
            else
                isFull[i] = false;
        }

        return values;
    }

    private static long?[] Fill(IReadOnlyList<SizeKnob> knobs, bool[] isFull, long budget, int[] order)
    {
        double share = LargestShare(knobs, isFull, budget);
        long?[] values = [.. knobs.Select((k, i) => isFull[i] ? null : k.LargestWithin(Target(k, share)))];
        long left = budget - Used(knobs, values);
        foreach (int i in order)
        {
            if (values[i] is not long value)
                continue;
            long before = knobs[i].ByteCount(value);
            values[i] = knobs[i].LargestWithin(before + left);
            left -= Used(knobs[i], values[i]) - before;
        }

        return values;
    }

    private static long Target(SizeKnob knob, double share)
        => share >= 1 ? knob.FullByteCount : Math.Clamp((long)(share * knob.FullByteCount), knob.SmallestByteCount, knob.FullByteCount);

    // Bisection keeps the lower end feasible: at share 0 every field has its smallest size.
    private static double LargestShare(IReadOnlyList<SizeKnob> knobs, bool[] isFull, long budget)
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

        long Sum(double share) => knobs.Select((k, i) => isFull[i] ? k.FullByteCount : Target(k, share)).Sum();
    }

    private static long Smallest(IReadOnlyList<SizeKnob> knobs, bool[] isFull) => knobs.Select((k, i) => isFull[i] ? k.FullByteCount : k.SmallestByteCount).Sum();

    private static long Used(SizeKnob knob, long? value) => value is long v ? knob.ByteCount(v) : knob.FullByteCount;

    private static long Used(IReadOnlyList<SizeKnob> knobs, long?[] values) => knobs.Zip(values, Used).Sum();
}
