using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Training;

namespace RecSys.Cli.Studies;

/// <summary>Finds out how large every point of a study is, which also checks its configuration.</summary>
internal static class StudyPlan
{
    /// <summary>Makes the data sets that are missing, by <c>configs/datasets/NAME.yaml</c>.</summary>
    /// <param name="study">The study.</param>
    /// <param name="points">Its points.</param>
    /// <param name="onPrepare">Told of each before it is made.</param>
    public static void Prepare(StudyConfig study, IReadOnlyList<StudyPoint> points, Action<string> onPrepare)
    {
        foreach (var point in points.DistinctBy(p => p.Dataset))
        {
            string path = study.Config(point).Dataset.Path;
            string recipe = Path.Combine("configs", "datasets", $"{point.Dataset}.yaml");
            if (Directory.Exists(path) || !File.Exists(recipe))
                continue;
            onPrepare(point.Dataset);
            OwnProcess.Run(["prepare", recipe, "--out", path], Environment.ProcessorCount, $"data set {point.Dataset}");
        }
    }

    /// <summary>Sizes of all points. Where a method cannot reach a budget, the point is the one at its smallest size.</summary>
    /// <param name="study">The study.</param>
    /// <param name="points">Its points.</param>
    /// <exception cref="ConfigException">A configuration is wrong.</exception>
    public static IReadOnlyList<PlannedPoint> Of(StudyConfig study, IReadOnlyList<StudyPoint> points) =>
    [
        .. points.Select(point => Of(study, point)).GroupBy(p => p.Point.Name)
            .Select(same => same.First() with { Unreachable = [.. same.SelectMany(p => p.Unreachable)], Point = same.FirstOrDefault(p => !p.Point.IsHidden, same.First()).Point }),
    ];

    private static PlannedPoint Of(StudyConfig study, StudyPoint point)
    {
        try
        {
            return Size(study, point);
        }
        catch (ConfigException e) when (e.InnerException is BudgetException smallest)
        {
            var nearest = point.At(smallest.SmallestByteCount);
            var sized = Size(study, nearest);
            return point.IsHidden ? sized : sized with { Unreachable = [new UnreachableBudget(point.Dataset, point.Model, sized.Method, Budget.Parse(point.Budget).ToString(), smallest.SmallestByteCount)] };
        }
    }

    private static PlannedPoint Size(StudyConfig study, StudyPoint point)
    {
        var config = study.Config(point);
        var schema = config.Dataset.Open().Schema;
        using var network = CtrNetwork.Create(config, schema);
        var bytes = EmbeddingBytes.Of(network.CountBytes(config.SparseOptimizer.Create(), config.Train.BatchSize), EmbeddingLayout.FullByteCount(schema, network.Model.Sets));
        string label = config.Embedding.Method.Label;
        return new PlannedPoint(point, point.Base is null ? label : RunReport.AfterTraining(label), bytes.Serving, bytes.Training, study.HashOf(point, schema), []);
    }
}
