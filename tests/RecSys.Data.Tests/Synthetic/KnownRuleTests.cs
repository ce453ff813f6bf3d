using RecSys.Data.Synthetic;

namespace RecSys.Data.Tests.Synthetic;

public sealed class KnownRuleTests
{
    [Fact]
    public void Score_AgainstTheDefinition_IsTheSame()
    {
        var random = new Random(5);
        double[] probabilities = [.. Enumerable.Range(0, 200).Select(_ => Math.Round(0.01 + 0.98 * random.NextDouble(), 1) is 0 or 1 ? 0.5 : 0.1 * random.Next(1, 10))];
        bool[] labels = [.. probabilities.Select(p => random.NextDouble() < p)];

        BestKnown score = KnownRule.Score(probabilities, labels);

        double wins = 0;
        long pairs = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            for (int j = 0; j < labels.Length; j++)
            {
                if (!labels[i] || labels[j])
                    continue;
                pairs++;
                wins += probabilities[i] > probabilities[j] ? 1 : probabilities[i] == probabilities[j] ? 0.5 : 0;
            }
        }

        Assert.Equal(wins / pairs, score.Auc, 12);
        Assert.Equal(labels.Select((label, i) => -Math.Log(label ? probabilities[i] : 1 - probabilities[i])).Average(), score.LogLoss, 12);
    }

    [Fact]
    public void Bias_GivesTheMeanProbabilityWanted()
    {
        float[] logits = [-3, -1, 0, 0.5f, 2, 4];

        double bias = KnownRule.Bias(logits, 0.2);

        Assert.Equal(0.2, logits.Average(logit => KnownRule.Probability(logit + bias)), 9);
    }
}
