using System.Globalization;
using System.Text;
using RecSys.Data;
using RecSys.Embeddings;

namespace RecSys.Cli.Reports;

/// <summary>The method to take at a budget for a model on a data set, with what speaks for it, all from the results of a study.</summary>
/// <param name="Choice">The method and what is level with it.</param>
/// <param name="Study">The study.</param>
internal sealed record Recommendation(BudgetChoice Choice, ModelStudy Study)
{
    private const int MostNames = 5;

    /// <summary>The best point.</summary>
    public RunGroup Best => Choice.Best;

    /// <summary>Test AUC lost to full tables; null where they were not trained.</summary>
    public double? LostToFull => Study.Full is { } full ? full.Auc.Mean - Best.Auc.Mean : null;

    /// <summary>Plain hashing at the budget; null where there is none.</summary>
    public RunGroup? Hash => Study.Points.Where(p => p.Name == "hash" && Choice.Budget.Admits(p)).MaxBy(p => p.Bytes);

    /// <summary>The point with the next lower validation AUC that the test tells from the best one; null where there is none.</summary>
    public RunGroup? Next => Study.Points
        .Where(p => Choice.Budget.Admits(p) && p.Name != Best.Name && Significance.Differ(p.ValidationAuc.Values, Best.ValidationAuc.Values))
        .MaxBy(p => p.ValidationAuc.Mean);

    /// <summary>A point that is level with the best one and faster to look up; null where there is none.</summary>
    public RunGroup? Faster => Study.Points
        .Where(p => Choice.Budget.Admits(p) && p.LookupNanoseconds < Best.LookupNanoseconds && Significance.AreLevel(p.ValidationAuc.Values, Best.ValidationAuc.Values))
        .MinBy(p => p.LookupNanoseconds);

    /// <summary>Recommends.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    /// <param name="budget">Bytes to serve.</param>
    /// <exception cref="DataException">No point is that small.</exception>
    public static Recommendation At(ModelStudy study, Budget budget)
    {
        string text = budget.ToString();
        double bytes = study.Points[0].BytesOf(text);
        if (BudgetChoice.At(study, new BudgetColumn(text, bytes)) is { } choice)
            return new Recommendation(choice, study);
        var smallest = study.Points.MinBy(p => p.Bytes)!;
        throw new DataException($"{study.Model} on {study.Dataset}: no method of the study fits {NumberFormat.Bytes(bytes)}; valid: {NumberFormat.Bytes(smallest.Bytes)} ('{smallest.Name}') or more");
    }

    /// <summary>The recommendation in words.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Study.Model} on {Study.Dataset}, at most {Choice.Budget.Label}: {Best.Name}\n");
        Add($"validation AUC {Best.ValidationAuc}, test AUC {Best.Auc}, {NumberFormat.Bytes(Best.Bytes)}{(Best.LookupNanoseconds is { } time ? $", {NumberFormat.Nanoseconds(time)} a look-up" : "")}");
        int others = Study.Points.Where(Choice.Budget.Admits).Select(p => p.Name).Distinct().Count() - 1;
        Add($"highest validation AUC of the {others + 1} methods that fit{Level()}");
        if (Next is { } next)
            Add($"next that differs: {next.Name}, {Number(Best.ValidationAuc.Mean - next.ValidationAuc.Mean)} less on validation");
        if (LostToFull is { } lost)
            Add($"test AUC {Number(Math.Abs(lost))} {(lost >= 0 ? "below" : "above")} full tables, in {Best.Bytes / Study.Full!.Bytes * 100:0.##} % of their bytes");
        if (Hash is { } hash && hash != Best)
            Add($"test AUC {Number(Math.Abs(Best.Auc.Mean - hash.Auc.Mean))} {(Best.Auc.Mean >= hash.Auc.Mean ? "above" : "below")} plain hashing in {NumberFormat.Bytes(hash.Bytes)}");
        if (Faster is { } faster)
            Add($"level with it and faster to look up: {faster.Name}, {NumberFormat.Nanoseconds(faster.LookupNanoseconds)}");
        if (Best.Runs[0].Settings is { } settings)
            Add($"train with {string.Join(' ', settings.Where(s => !s.StartsWith("train.seed=", StringComparison.Ordinal)).Select(s => $"--set '{s}'"))}{(Best.Runs[0].Before is null ? "" : ", and compress after training")}");
        return text.ToString();

        void Add(FormattableString line) => text.Append("  ").Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private string Level() => Choice.Level switch
    {
        null => "; one seed, so nothing says what is level with it",
        [] => "; none is level with it",
        { } names => $"; level with it: {string.Join("; ", names.Take(MostNames))}{(names.Count > MostNames ? $"; and {names.Count - MostNames} more" : "")}",
    };

    private static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
