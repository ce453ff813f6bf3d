using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>A budget that a study asked of its methods.</summary>
/// <param name="Budget">As in <see cref="RunReport.Budget"/>.</param>
/// <param name="Bytes">The same in bytes.</param>
internal sealed record BudgetColumn(string Budget, double Bytes)
{
    /// <summary>Budgets hold within this share of their bytes.</summary>
    private const double Tolerance = 0.02;

    /// <summary><c>0.1 (158 kB)</c>, or <c>158 kB</c> where the budget is in bytes.</summary>
    public string Label => double.TryParse(Budget, CultureInfo.InvariantCulture, out _) ? $"{Budget} ({NumberFormat.Bytes(Bytes)})" : NumberFormat.Bytes(Bytes);

    /// <summary>Whether a point is not larger than the budget allows.</summary>
    public bool Admits(RunGroup point) => point.Bytes <= Bytes * (1 + Tolerance);

    /// <summary>Whether a point has the bytes of the budget, neither more nor fewer.</summary>
    public bool IsMetBy(RunGroup point) => Math.Abs(point.Bytes - Bytes) <= Bytes * Tolerance;
}
