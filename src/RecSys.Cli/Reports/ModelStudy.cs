using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>The points of one model on one data set, by method and budget.</summary>
internal sealed class ModelStudy
{
    private readonly IReadOnlyList<UnreachableBudget> _unreachable;

    /// <summary>Creates the study.</summary>
    /// <param name="points">Points of one model on one data set, at least one.</param>
    /// <param name="unreachable">Budgets that methods could not reach; those of other models and data sets are passed over.</param>
    public ModelStudy(IReadOnlyList<RunGroup> points, IReadOnlyList<UnreachableBudget> unreachable)
    {
        ArgumentOutOfRangeException.ThrowIfZero(points.Count);
        Points = points;
        _unreachable = [.. unreachable.Where(u => u.Dataset == Dataset && u.Model == Model)];
        Budgets =
        [
            .. points.Where(p => !IsNearest(p)).Select(p => new BudgetColumn(p.Budget, p.AskedBytes))
                .Concat(_unreachable.Select(u => new BudgetColumn(u.Budget, points[0].BytesOf(u.Budget))))
                .DistinctBy(b => b.Budget).OrderByDescending(b => b.Bytes),
        ];
        Methods = [.. Rank(), .. _unreachable.Select(u => u.Method).Distinct().Except(points.Select(p => p.Name))];
    }

    /// <summary>Data set of the points.</summary>
    public string Dataset => Points[0].Dataset;

    /// <summary>Model of the points.</summary>
    public string Model => Points[0].Model;

    /// <summary>All points, those at the smallest size of a method included.</summary>
    public IReadOnlyList<RunGroup> Points { get; }

    /// <summary>The budgets that were asked for, the largest first.</summary>
    public IReadOnlyList<BudgetColumn> Budgets { get; }

    /// <summary>Names of the methods, those first that lose least to the best of each budget.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>The uncompressed tables; null where they were not trained.</summary>
    public RunGroup? Full => Points.FirstOrDefault(p => p.Name == "full");

    /// <summary>Whether there is anything to compare: several points, or budgets that were not reached.</summary>
    public bool HasSeveralPoints => Points.Count > 1 || _unreachable.Count > 0;

    /// <summary>The point of a method at a budget; null where there is none.</summary>
    public RunGroup? At(string method, BudgetColumn budget) => Points.FirstOrDefault(p => p.Name == method && p.Budget == budget.Budget && !IsNearest(p));

    /// <summary>The smallest size of a method that cannot reach a budget; null where it can, or where it was not tried.</summary>
    public long? SmallestBytes(string method, BudgetColumn budget)
        => _unreachable.FirstOrDefault(u => u.Method == method && u.Budget == budget.Budget)?.SmallestBytes;

    /// <summary>The point of a method at a budget, or at its smallest size where it cannot reach that; null where there is none.</summary>
    public RunGroup? AtOrNearest(string method, BudgetColumn budget)
        => At(method, budget) ?? (SmallestBytes(method, budget) is long smallest ? Points.FirstOrDefault(p => p.Name == method && p.Budget == InBytes(smallest)) : null);

    /// <summary>What tables say of the bytes of a point: nothing where they are those of the budget.</summary>
    public string Note(RunGroup point, BudgetColumn budget) => budget.IsMetBy(point) ? "" : $" ({(IsNearest(point) ? "nearest:" : "at")} {NumberFormat.Bytes(point.Bytes)})";

    /// <summary>The highest mean test AUC among the points at a budget that hold it; not a number where there is none.</summary>
    public double BestAuc(BudgetColumn budget)
        => Methods.Select(m => At(m, budget)).Where(p => p is not null && budget.Admits(p) && p.Auc.IsKnown).Select(p => p!.Auc.Mean).DefaultIfEmpty(double.NaN).Max();

    private bool IsNearest(RunGroup point) => _unreachable.Any(u => u.Method == point.Name && point.Budget == InBytes(u.SmallestBytes));

    private IEnumerable<string> Rank()
    {
        RunGroup[] measured = [.. Points.Where(p => p.Auc.IsKnown && !IsNearest(p))];
        var best = measured.GroupBy(p => p.Budget).ToDictionary(g => g.Key, g => g.Max(p => p.Auc.Mean));
        var lost = measured.GroupBy(p => p.Name).ToDictionary(m => m.Key, m => m.Average(p => best[p.Budget] - p.Auc.Mean));
        return Points.Select(p => p.Name).Distinct().OrderBy(name => lost.GetValueOrDefault(name, double.PositiveInfinity)).ThenBy(name => name, StringComparer.Ordinal);
    }

    private static string InBytes(long byteCount) => string.Create(CultureInfo.InvariantCulture, $"{byteCount}B");
}
