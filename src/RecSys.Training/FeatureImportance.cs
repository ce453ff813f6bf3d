using RecSys.Data;

namespace RecSys.Training;

/// <summary>What a trained model loses when a feature tells it nothing.</summary>
/// <param name="Feature">Name of the feature.</param>
/// <param name="AucDrop">How much smaller the AUC is.</param>
/// <param name="LogLossRise">How much larger the log loss is.</param>
/// <remarks>Breiman, "Random Forests", 2001; Fisher et al., "All Models are Wrong, but Many are Useful", 2019.</remarks>
public sealed record FeatureImportance(string Feature, double AucDrop, double LogLossRise)
{
    /// <summary>
    /// Scores a split once for each feature, with the feature's values given to other samples: it is then as frequent as before, but has nothing to do
    /// with the sample. Features that say the same stand in for each other, and each then seems to matter little.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="split">Which split.</param>
    /// <param name="seed">Seed of the permutations.</param>
    /// <param name="onFeature">Told of each feature that is done.</param>
    /// <returns>The features that matter most first.</returns>
    public static IReadOnlyList<FeatureImportance> Measure(TrainedRun run, DataSplit split, int seed = 1, Action<string>? onFeature = null)
    {
        var before = run.Evaluate(split);
        List<FeatureImportance> importances = [];
        foreach (var feature in run.Data.Schema.GivenFeatures)
        {
            var random = new Random(seed);
            // In an order of its own, since what lies side by side in a log is alike.
            var options = new BatchOptions { BatchSize = run.Config.Train.BatchSize, Shuffle = true, Seed = seed, OnBatch = batch => Plan(batch, feature.Name, random) };
            var after = Scorer.Collect(run.Network, run.Rows, run.Data.Schema, run.Data.Read(split, options)).Evaluate();
            importances.Add(new FeatureImportance(feature.Name, before.Auc - after.Auc, after.LogLoss - before.LogLoss));
            onFeature?.Invoke(feature.Name);
        }

        return [.. importances.OrderByDescending(i => i.AucDrop)];

        void Plan(Batch batch, string feature, Random random)
        {
            batch.Permute(run.Data.Schema, feature, random);
            run.Network.Plan(batch);
        }
    }
}
