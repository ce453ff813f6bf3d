using RecSys.Training.Metrics;

namespace RecSys.Training.Tests.Metrics;

public sealed class BinaryMetricsTests
{
    [Fact]
    public void Auc_RandomScoresWithTies_EqualsPairCounting()
    {
        var random = new Random(7);
        for (int trial = 0; trial < 50; trial++)
        {
            float[] scores = [.. Enumerable.Range(0, 60).Select(_ => (float)random.Next(8))];
            float[] labels = [.. scores.Select(s => random.NextDouble() < 0.1 + (s / 16) ? 1f : 0f)];
            labels[0] = 1;
            labels[1] = 0;

            Assert.Equal(PairCountingAuc(scores, labels), BinaryMetrics.Auc(scores, labels), 12);
        }
    }

    [Fact]
    public void Auc_OneClass_IsNaN()
    {
        Assert.True(double.IsNaN(BinaryMetrics.Auc([0.1f, 0.2f], [1, 1])));
        Assert.True(double.IsNaN(BinaryMetrics.Auc([0.1f, 0.2f], [0, 0])));
        Assert.True(double.IsNaN(BinaryMetrics.Auc([], [])));
    }

    [Fact]
    public void Auc_AllScoresEqual_IsOneHalf() => Assert.Equal(0.5, BinaryMetrics.Auc([3, 3, 3, 3], [1, 0, 0, 1]));

    [Fact]
    public void Gauc_WeightsGroupsBySizeAndSkipsSingleClassGroups()
    {
        // Group 1: AUC 1 with 2 samples; group 2: AUC 0 with 3 samples (one positive below two negatives); group 3: one class.
        float[] scores = [0.9f, 0.1f, 0.1f, 0.5f, 0.6f, 0.3f, 0.2f];
        float[] labels = [1, 0, 1, 0, 0, 1, 1];
        long[] groups = [1, 1, 2, 2, 2, 3, 3];

        Assert.Equal(2.0 / 5, BinaryMetrics.Gauc(scores, labels, groups), 12);
    }

    [Fact]
    public void Gauc_NoGroupWithBothClasses_IsNaN()
        => Assert.True(double.IsNaN(BinaryMetrics.Gauc([0.1f, 0.2f], [1, 0], [1, 2])));

    [Fact]
    public void LogLoss_EqualsDefinition()
    {
        float[] logits = [-2, 0.5f, 3];
        float[] labels = [0, 1, 0];
        double expected = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double p = 1 / (1 + Math.Exp(-logits[i]));
            expected -= labels[i] == 1 ? Math.Log(p) : Math.Log(1 - p);
        }

        Assert.Equal(expected / 3, BinaryMetrics.LogLoss(logits, labels), 12);
    }

    [Fact]
    public void LogLoss_HugeLogits_IsFinite() => Assert.Equal(500, BinaryMetrics.LogLoss([1000, 1000], [1, 0]), 9);

    [Fact]
    public void NormalizedEntropy_ConstantBaseRate_IsOne()
    {
        float[] labels = [1, 0, 0, 0];
        float logit = (float)Math.Log(0.25 / 0.75);

        Assert.Equal(1, BinaryMetrics.NormalizedEntropy([logit, logit, logit, logit], labels), 6);
        Assert.Equal(1, BinaryMetrics.Calibration([logit, logit, logit, logit], labels), 6);
    }

    [Fact]
    public void Auc_LengthsDiffer_Throws()
        => Assert.Contains("1 labels", Assert.Throws<ArgumentException>(() => BinaryMetrics.Auc([1, 2], [1])).Message, StringComparison.Ordinal);

    private static double PairCountingAuc(float[] scores, float[] labels)
    {
        double wins = 0;
        long pairs = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            for (int j = 0; j < scores.Length; j++)
            {
                if (labels[i] == 1 && labels[j] == 0)
                {
                    pairs++;
                    wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                }
            }
        }

        return wins / pairs;
    }
}
