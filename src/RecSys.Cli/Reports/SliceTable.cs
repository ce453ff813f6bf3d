using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>The AUC of every method by how frequent the id of a feature is.</summary>
internal static class SliceTable
{
    // The AUC of fewer rows is chance.
    private const int LeastSamples = 100;

    /// <summary>The mean AUC of each slice that is not of a few rows at a budget, below that of full tables; the best of a slice that is not too large stands out. Null where no point has slices.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    /// <param name="budget">The budget.</param>
    public static MarkdownTable? Create(ModelStudy study, BudgetColumn budget)
    {
        SliceReport[] slices = [.. study.Points.SelectMany(p => p.Runs).SelectMany(r => r.Slices ?? []).Where(s => s.Samples >= LeastSamples).DistinctBy(s => (s.Feature, s.Name))];
        RunGroup[] points = [.. study.Methods.Select(m => study.AtOrNearest(m, budget)).OfType<RunGroup>().Where(HasSlices)];
        if (points.Length == 0 || slices.Length == 0)
            return null;
        var best = slices.ToDictionary(s => s, slice => points.Where(budget.Admits).Select(p => MeanAuc(p, slice)).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max());
        var table = new MarkdownTable(["method", .. slices.Select(slice => $"{slice.Feature} {slice.Name}, {NumberFormat.Compact(slice.Samples)} rows:")]);
        if (study.Full is RunGroup full && HasSlices(full) && !points.Contains(full))
            table.Add([$"{full.Name}, at {full.Budget}", .. slices.Select(slice => Text(MeanAuc(full, slice)))]);
        foreach (RunGroup point in points)
            table.Add([point.Name + study.Note(point, budget), .. slices.Select(slice => Cell(point, slice))]);
        return table;

        string Cell(RunGroup point, SliceReport slice)
        {
            double mean = MeanAuc(point, slice);
            return mean == best[slice] && budget.Admits(point) ? $"**{Text(mean)}**" : Text(mean);
        }
    }

    private static bool HasSlices(RunGroup point) => point.Runs.Any(r => r.Slices is { Count: > 0 });

    private static double MeanAuc(RunGroup point, SliceReport slice)
        => Sample.Of(point.Runs.SelectMany(r => r.Slices ?? []).Where(s => s.Feature == slice.Feature && s.Name == slice.Name).Select(s => s.Auc)).Mean;

    private static string Text(double auc) => double.IsNaN(auc) ? "–" : auc.ToString("0.0000", CultureInfo.InvariantCulture);
}
