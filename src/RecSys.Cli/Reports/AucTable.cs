namespace RecSys.Cli.Reports;

/// <summary>The AUC of every method at every budget, with what differs from plain hashing and what does not differ from full tables.</summary>
internal static class AucTable
{
    private const string Better = "▲";
    private const string Worse = "▼";
    private const string LevelWithFull = "=";

    /// <summary>The table; the best of a budget stands out, and what is larger than the budget cannot be it.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public static MarkdownTable Create(ModelStudy study)
    {
        var table = new MarkdownTable(["method", .. study.Budgets.Select(b => $"AUC at {b.Label}:")]);
        double[] best = [.. study.Budgets.Select(study.BestAuc)];
        foreach (string method in study.Methods)
            table.Add([method, .. study.Budgets.Select((budget, column) => Cell(study, method, budget, best[column]))]);
        return table;
    }

    /// <summary>What the marks of the table mean, and what was not tested.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    public static string Explain(ModelStudy study)
    {
        bool hashed = study.Budgets.Any(b => HashAt(study, b) is not null);
        if (!hashed && study.Full is null)
            return "There is neither `hash` nor `full` to test against.";
        string[] marks =
        [
            .. hashed ? [$"{Better} better and {Worse} worse than `hash` at the same budget"] : Array.Empty<string>(),
            .. study.Full is null ? Array.Empty<string>() : [$"{LevelWithFull} level with `full`"],
        ];
        string untested = study.Points.Any(p => p.Auc.Values.Count < 2) ? " Points with fewer than two seeds have no test and no mark." : "";
        return $"{string.Join(", ", marks)}: Welch's t test over seeds, two-sided, a difference where p < 0.05.{untested} "
            + "Nothing is corrected for multiple comparisons: of twenty tests between equals, one finds a difference.";
    }

    private static string Cell(ModelStudy study, string method, BudgetColumn budget, double best)
    {
        if (study.AtOrNearest(method, budget) is not RunGroup point)
            return study.SmallestBytes(method, budget) is long smallest ? $"– (≥ {NumberFormat.Bytes(smallest)})" : "–";
        string text = point.Auc.Mean == best && budget.Admits(point) ? $"**{point.Auc}**" : point.Auc.ToString();
        return Marks(study, point, budget) + text + study.Note(point, budget);
    }

    private static string Marks(ModelStudy study, RunGroup point, BudgetColumn budget)
    {
        string marks = "";
        // A point with more bytes than the budget is not at the same budget.
        if (budget.Admits(point) && HashAt(study, budget) is RunGroup hash && hash != point && Significance.Differ(point.Auc.Values, hash.Auc.Values))
            marks += point.Auc.Mean > hash.Auc.Mean ? Better : Worse;
        if (study.Full is RunGroup full && full != point && Significance.AreLevel(point.Auc.Values, full.Auc.Values))
            marks += LevelWithFull;
        return marks.Length > 0 ? marks + " " : "";
    }

    private static RunGroup? HashAt(ModelStudy study, BudgetColumn budget) => study.At("hash", budget) is RunGroup hash && budget.Admits(hash) ? hash : null;
}
