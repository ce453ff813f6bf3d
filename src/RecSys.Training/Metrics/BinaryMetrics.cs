namespace RecSys.Training.Metrics;

/// <summary>Exact metrics of click predictions over a whole data set, in double precision. Pure functions; thread-safe.</summary>
/// <remarks>Scores are logits; labels are 0 or 1. Nothing is averaged over mini-batches.</remarks>
public static class BinaryMetrics
{
    /// <summary>
    /// Area under the ROC curve: the probability that a random positive scores above a random negative, ties counting one half.
    /// </summary>
    /// <param name="scores">Scores; only their order matters.</param>
    /// <param name="labels">Labels, 0 or 1, as many as scores.</param>
    /// <returns>The area, or NaN when only one class is present.</returns>
    public static double Auc(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels)
    {
        ThrowIfLengthsDiffer(scores, labels);
        float[] keys = scores.ToArray();
        float[] sorted = labels.ToArray();
        Array.Sort(keys, sorted);

        double rankSum = 0;
        long positives = 0;
        for (int start = 0; start < keys.Length;)
        {
            int end = start;
            long positivesInTie = 0;
            while (end < keys.Length && keys[end].Equals(keys[start]))
                positivesInTie += sorted[end++] > 0.5f ? 1 : 0;

            // Equal scores share the mean of their ranks (1-based), which counts a tie as one half.
            rankSum += positivesInTie * ((start + 1 + end) / 2.0);
            positives += positivesInTie;
            start = end;
        }

        long negatives = keys.Length - positives;
        return positives == 0 || negatives == 0
            ? double.NaN
            : (rankSum - (positives * (positives + 1) / 2.0)) / ((double)positives * negatives);
    }

    /// <summary>
    /// AUC per group (user), averaged with the number of samples of the group as weight, over groups that have both classes.
    /// </summary>
    /// <param name="scores">Scores.</param>
    /// <param name="labels">Labels, 0 or 1.</param>
    /// <param name="groups">Group of each sample.</param>
    /// <returns>The weighted mean, or NaN when no group has both classes.</returns>
    /// <remarks>Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", 2017; used by DIN, 2018.</remarks>
    public static double Gauc(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<long> groups)
    {
        ThrowIfLengthsDiffer(scores, labels);
        if (groups.Length != scores.Length)
            throw new ArgumentException($"{groups.Length} groups were given for {scores.Length} scores.", nameof(groups));

        long[] keys = groups.ToArray();
        int[] order = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(keys, order);
        float[] groupScores = new float[keys.Length];
        float[] groupLabels = new float[keys.Length];
        for (int i = 0; i < order.Length; i++)
        {
            groupScores[i] = scores[order[i]];
            groupLabels[i] = labels[order[i]];
        }

        double sum = 0;
        long weight = 0;
        for (int start = 0; start < keys.Length;)
        {
            int end = start;
            while (end < keys.Length && keys[end] == keys[start])
                end++;
            double auc = Auc(groupScores.AsSpan(start..end), groupLabels.AsSpan(start..end));
            if (!double.IsNaN(auc))
            {
                sum += auc * (end - start);
                weight += end - start;
            }

            start = end;
        }

        return weight == 0 ? double.NaN : sum / weight;
    }

    /// <summary>Mean binary cross-entropy of the logits, in nats.</summary>
    /// <param name="logits">Logits.</param>
    /// <param name="labels">Labels, 0 or 1.</param>
    public static double LogLoss(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        ThrowIfLengthsDiffer(logits, labels);
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            // max(z,0) − z·y + ln(1 + e^−|z|) neither overflows nor rounds a confident prediction to 0 or 1.
            double z = logits[i];
            sum += Math.Max(z, 0) - (z * labels[i]) + Math.Log(1 + Math.Exp(-Math.Abs(z)));
        }

        return sum / logits.Length;
    }

    /// <summary>Log loss divided by the entropy of the base rate: 1 for a constant prediction of the base rate, lower is better.</summary>
    /// <param name="logits">Logits.</param>
    /// <param name="labels">Labels, 0 or 1.</param>
    /// <remarks>He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", 2014.</remarks>
    public static double NormalizedEntropy(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        double rate = Mean(labels);
        double entropy = -((rate * Math.Log(rate)) + ((1 - rate) * Math.Log(1 - rate)));
        return LogLoss(logits, labels) / entropy;
    }

    /// <summary>Sum of predicted probabilities divided by the number of positives: 1 when predictions are unbiased.</summary>
    /// <param name="logits">Logits.</param>
    /// <param name="labels">Labels, 0 or 1.</param>
    public static double Calibration(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels)
    {
        ThrowIfLengthsDiffer(logits, labels);
        double predicted = 0;
        foreach (float logit in logits)
            predicted += 1 / (1 + Math.Exp(-logit));
        return predicted / (Mean(labels) * labels.Length);
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum / values.Length;
    }

    private static void ThrowIfLengthsDiffer(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels)
    {
        if (scores.Length != labels.Length)
            throw new ArgumentException($"{labels.Length} labels were given for {scores.Length} scores.", nameof(labels));
    }
}
