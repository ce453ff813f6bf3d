namespace RecSys.Data.Synthetic;

/// <summary>Labels of rows whose logits are known, and what the true probabilities score on them.</summary>
internal static class KnownRule
{
    /// <summary>The bias that gives the mean probability wanted.</summary>
    internal static double Bias(float[] logits, double rate)
    {
        (double low, double high) = (-50, 50);
        for (int step = 0; step < 60; step++)
        {
            double middle = (low + high) / 2;
            double sum = 0;
            foreach (float logit in logits)
                sum += Probability(logit + middle);
            (low, high) = sum / logits.Length < rate ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    internal static double Probability(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>AUC (ties count half) and log loss of probabilities.</summary>
    internal static BestKnown Score(double[] probabilities, bool[] labels)
    {
        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
            loss -= Math.Log(labels[i] ? probabilities[i] : 1 - probabilities[i]);
        double[] sorted = [.. probabilities];
        bool[] sortedLabels = [.. labels];
        Array.Sort(sorted, sortedLabels);
        return new BestKnown(Auc(sorted, sortedLabels), loss / labels.Length);
    }

    private static double Auc(double[] sorted, bool[] labels)
    {
        double wins = 0;
        long negatives = 0;
        for (int begin = 0, end; begin < sorted.Length; begin = end)
        {
            long positivesHere = 0;
            for (end = begin; end < sorted.Length && sorted[end] == sorted[begin]; end++)
                positivesHere += labels[end] ? 1 : 0;
            long negativesHere = end - begin - positivesHere;
            wins += positivesHere * (negatives + negativesHere / 2.0);
            negatives += negativesHere;
        }

        return wins / ((double)negatives * (labels.Length - negatives));
    }
}
