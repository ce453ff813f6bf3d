namespace RecSys.Cli.Reports;

/// <summary>The point to take at a budget: the one with the highest mean validation AUC of all that are not larger. The test split has no say in it.</summary>
/// <param name="Budget">The budget.</param>
/// <param name="Best">The point.</param>
/// <param name="Level">Other methods with a point of which the validation AUC does not differ; null where the best has fewer than two seeds, so that there is no test.</param>
internal sealed record BudgetChoice(BudgetColumn Budget, RunGroup Best, IReadOnlyList<string>? Level)
{
    private const int MostNames = 5;

    /// <summary>Chooses; null where no point is small enough.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    /// <param name="budget">The budget.</param>
    public static BudgetChoice? At(ModelStudy study, BudgetColumn budget)
    {
        RunGroup[] admitted = [.. study.Points.Where(p => budget.Admits(p) && p.ValidationAuc.IsKnown).OrderByDescending(p => p.ValidationAuc.Mean)];
        if (admitted.Length == 0)
            return null;
        RunGroup best = admitted[0];
        string[] level =
        [
            .. admitted.Where(p => p.Name != best.Name && Significance.AreLevel(p.ValidationAuc.Values, best.ValidationAuc.Values)).Select(p => p.Name).Distinct(),
        ];
        return new BudgetChoice(budget, best, best.ValidationAuc.Values.Count < 2 ? null : level);
    }

    /// <summary>The choices as a table; null where there is none.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public static MarkdownTable? Table(ModelStudy study)
    {
        var table = new MarkdownTable("budget", "best method", "validation AUC:", "test AUC:", "bytes:", "look-up:", "level with it on validation");
        foreach (var choice in study.Budgets.Select(b => At(study, b)).OfType<BudgetChoice>())
        {
            table.Add(
                choice.Budget.Label,
                choice.Best.Name,
                choice.Best.ValidationAuc.ToString(),
                choice.Best.Auc.ToString(),
                NumberFormat.Bytes(choice.Best.Bytes),
                NumberFormat.Nanoseconds(choice.Best.LookupNanoseconds),
                Names(choice.Level));
        }

        return table.Rows.Count > 0 ? table : null;
    }

    private static string Names(IReadOnlyList<string>? level) => level switch
    {
        null => "no test: one seed",
        [] => "none",
        // Names have commas of their own.
        _ => string.Join("; ", level.Take(MostNames)) + (level.Count > MostNames ? $"; and {level.Count - MostNames} more" : ""),
    };
}
