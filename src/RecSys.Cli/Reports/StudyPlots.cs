using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>What the methods of a model cost and keep, against bytes. A method looks the same in all plots of a report.</summary>
internal sealed class StudyPlots
{
    private readonly Dictionary<string, int> _looks;

    /// <summary>Gives every method a look.</summary>
    /// <param name="points">All points of the report.</param>
    public StudyPlots(IEnumerable<RunGroup> points)
        => _looks = points.Select(p => p.Name).Distinct().Order(StringComparer.Ordinal).Index().ToDictionary(name => name.Item, name => name.Index);

    /// <summary>The AUC on the test split; null where nothing is known.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public Plot? Auc(ModelStudy study)
        => Metric(study, Labels(study, "AUC", "Test AUC", "test AUC"), PlotScale.LogError, p => p.Auc, higherIsBetter: true);

    /// <summary>The logloss on the test split; null where nothing is known.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public Plot? Logloss(ModelStudy study)
        => Metric(study, Labels(study, "Logloss", "Test logloss", "test logloss"), PlotScale.LogMetric, p => p.Logloss, higherIsBetter: false);

    /// <summary>The speed of training; null where it was not measured.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public Plot? TrainingSpeed(ModelStudy study)
        => Cost(study, Labels(study, "Training speed", "Training samples a second", "samples/s"), PlotScale.LogCost, p => p.SamplesPerSecond);

    /// <summary>The time of a look-up; null where it was not measured.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public Plot? Lookup(ModelStudy study)
        => Cost(study, Labels(study, "Look-up", "Nanoseconds of a look-up", "look-up, ns"), PlotScale.LogCost, p => p.LookupNanoseconds);

    /// <summary>The memory that training needs; null where it was not measured.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public Plot? TrainingMemory(ModelStudy study)
        => Cost(study, Labels(study, "Memory in training", "Peak bytes of the embeddings in training, optimiser included,", "training peak"), PlotScale.LogBytes, p => p.TrainingBytes);

    private static PlotLabels Labels(ModelStudy study, string title, string description, string y)
        => new($"{title}: {study.Model} on {study.Dataset}", $"{description} of each method against the bytes of its embeddings as served.", "embedding bytes as served", y);

    private Plot? Metric(ModelStudy study, PlotLabels labels, PlotScale scale, Func<RunGroup, Sample> metric, bool higherIsBetter)
        => Create(study, labels, scale, p => metric(p).Mean > 0 ? new PlotPoint(p.Bytes, metric(p).Mean, ErrorOf(metric(p), scale), Note(p)) : null, higherIsBetter);

    // A bar that reaches below 0 has no place on a logarithmic axis.
    private static double ErrorOf(Sample metric, PlotScale scale) => scale.IsLogarithmic && metric.Deviation >= metric.Mean ? 0 : metric.Deviation;

    private Plot? Cost(ModelStudy study, PlotLabels labels, PlotScale scale, Func<RunGroup, double?> cost)
        => Create(study, labels, scale, p => cost(p) is double value && value > 0 && double.IsFinite(value) ? new PlotPoint(p.Bytes, value, 0, Note(p)) : null, null);

    private Plot? Create(ModelStudy study, PlotLabels labels, PlotScale scale, Func<RunGroup, PlotPoint?> point, bool? higherIsBetter)
    {
        PlotSeries[] series =
        [
            .. study.Points.GroupBy(p => p.Name).OrderBy(m => m.Key, StringComparer.Ordinal)
                .Select(m => new PlotSeries(m.Key, [.. m.Select(point).OfType<PlotPoint>()], _looks[m.Key]))
                .Where(s => s.Points.Count > 0),
        ];
        return series.Length > 0 ? new Plot(labels, series, scale, higherIsBetter) : null;
    }

    private static string Note(RunGroup point)
    {
        List<string> parts = [$"{point.Name} at {point.Budget}", NumberFormat.Bytes(point.Bytes)];
        if (point.Auc.IsKnown)
            parts.Add($"AUC {point.Auc}");
        if (point.Logloss.IsKnown)
            parts.Add($"logloss {point.Logloss}");
        if (point.LookupNanoseconds is not null)
            parts.Add($"look-up {NumberFormat.Nanoseconds(point.LookupNanoseconds)}");
        if (point.SamplesPerSecond is double speed)
            parts.Add($"{NumberFormat.Compact(speed)} samples/s");
        if (point.TrainingBytes is long peak)
            parts.Add($"training peak {NumberFormat.Bytes(peak)}");
        parts.Add(point.Runs.Count == 1 ? "1 seed" : string.Create(CultureInfo.InvariantCulture, $"{point.Runs.Count} seeds"));
        return string.Join(" · ", parts);
    }
}
