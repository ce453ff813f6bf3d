using System.Globalization;
using RecSys.Training;

namespace RecSys.Cli.Reports;

/// <summary>How many ids a method cannot tell apart at each budget.</summary>
internal static class SharedVectorTable
{
    /// <summary>The share of ids whose vector is that of another id too, mean over seeds; null where no run counted them.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public static MarkdownTable? Create(ModelStudy study)
    {
        if (!study.Points.Any(p => Share(p).IsKnown))
            return null;
        var table = new MarkdownTable(["method", .. study.Budgets.Select(b => $"shared at {b.Label}:")]);
        foreach (string method in study.Methods)
        {
            RunGroup?[] points = [.. study.Budgets.Select(b => study.AtOrNearest(method, b))];
            if (points.Any(p => p is not null && Share(p).IsKnown))
                table.Add([method, .. study.Budgets.Zip(points, (budget, point) => Cell(study, budget, point))]);
        }

        return table.Rows.Count > 0 ? table : null;
    }

    private static string Cell(ModelStudy study, BudgetColumn budget, RunGroup? point)
        => point is not null && Share(point) is { IsKnown: true } share
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * share.Mean:0.00} %{study.Note(point, budget)}")
            : "–";

    private static Sample Share(RunGroup point)
        => Sample.Of(point.Runs.Select(r => r.SharedVectors).OfType<SharedVectors>().Where(v => v.Ids > 0).Select(v => (double)v.Shared / v.Ids));
}
