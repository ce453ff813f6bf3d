using RecSys.Cli.Reports;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class SliceTableTests
{
    [Fact]
    public void Create_Slices_AreMeansOverSeedsBelowThoseOfFullTables()
    {
        var study = Study(
        [
            Sliced(Run("full", "1", 1, 0.8), 0.85, 0.65),
            Sliced(Run("qr", "0.5", 1, 0.7), 0.8, 0.6), Sliced(Run("qr", "0.5", 2, 0.7), 0.9, double.NaN),
            Sliced(Run("hash", "0.5", 1, 0.7), 0.7, 0.61), Sliced(Run("nested", "0.5", 1, 0.7, 600_000), 0.99, 0.5), Run("cce", "0.5", 1, 0.9),
        ]);
        var table = SliceTable.Create(study, study.Budgets[1])!;

        Assert.Equal(["method", "item head, 1.2k rows", "item tail, 100 rows"], table.Headers);
        Assert.Equal(["full, at 1", "0.8500", "0.6500"], table.Rows[0]);
        Assert.Equal("**0.8500**", Cell(table, "qr", "item head"));
        Assert.Equal("0.6000", Cell(table, "qr", "item tail"));
        Assert.Equal("**0.6100**", Cell(table, "hash", "item tail"));
        Assert.Equal("0.9900", Cell(table, "nested (at 600 kB)", "item head"));
        Assert.DoesNotContain(table.Rows, row => row[0] == "cce");
    }

    [Fact]
    public void Create_BudgetOutOfReach_HasTheNearestPointThatIsNeverBest()
    {
        var study = Study([Sliced(Run("pep", "412345B", 1, 0.9), 0.9, 0.9), Sliced(Run("hash", "0.1", 1, 0.7), 0.7, 0.6)], Unreachable("pep", "0.1", 412_345));

        var table = SliceTable.Create(study, study.Budgets[0])!;

        Assert.Equal("0.9000", Cell(table, "pep (nearest: 412 kB)", "item head"));
        Assert.Equal("**0.7000**", Cell(table, "hash", "item head"));
    }

    [Fact]
    public void Create_NoSlices_IsNull()
    {
        var study = Study([.. Seeds("qr", "0.5", 0.8)]);

        Assert.Null(SliceTable.Create(study, study.Budgets[0]));
    }

    private static RunReport Sliced(RunReport run, double head, double tail) => run with { Slices = [Slice("head", 1200, head), Slice("tail", 100, tail), Slice("unknown", 99, 1)] };

    private static SliceReport Slice(string name, long samples, double auc) => new("item", name, samples, 0.5, auc, double.NaN, 0.5, 0.9, 1);
}
