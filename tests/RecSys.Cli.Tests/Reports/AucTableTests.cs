using RecSys.Cli.Reports;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class AucTableTests
{
    [Fact]
    public void Create_Budgets_AreColumnsFromLargeToSmall()
    {
        var table = AucTable.Create(Study([.. Seeds("hash", "100000B", 0.7), .. Seeds("full", "1", 0.8), .. Seeds("hash", "0.5", 0.75)]));

        Assert.Equal(["method", "AUC at 1 (1 MB)", "AUC at 0.5 (500 kB)", "AUC at 100 kB"], table.Headers);
        Assert.Equal("–", Cell(table, "full", "AUC at 0.5"));
    }

    [Fact]
    public void Cell_BytesOffTheBudget_AreSaid()
    {
        var table = AucTable.Create(Study([.. Seeds("pep", "0.5", 0.7, 412_000), .. Seeds("qr", "0.5", 0.8, 509_000), .. Seeds("nested", "0.5", 0.9, 511_000)]));

        Assert.Equal("0.7000 ± 0.0010 (at 412 kB)", Cell(table, "pep", "AUC at 0.5"));
        Assert.Equal("**0.8000 ± 0.0010**", Cell(table, "qr", "AUC at 0.5"));
        // Better, but with more bytes than were asked for.
        Assert.Equal("0.9000 ± 0.0010 (at 511 kB)", Cell(table, "nested", "AUC at 0.5"));
    }

    [Fact]
    public void Cell_FewerBytesThanTheBudget_MayBeBest()
        => Assert.Equal("**0.9000 ± 0.0010** (at 412 kB)", Cell(AucTable.Create(Study([.. Seeds("pep", "0.5", 0.9, 412_000), .. Seeds("qr", "0.5", 0.8)])), "pep", "AUC at 0.5"));

    [Fact]
    public void Cell_UnreachableBudget_HasTheNearestPointThatIsNoColumnAndNeverBest()
    {
        var table = AucTable.Create(Study(
            [.. Seeds("pep", "412345B", 0.9), .. Seeds("hash", "0.1", 0.7), .. Seeds("hash", "0.01", 0.6)],
            Unreachable("pep", "0.1", 412_345),
            Unreachable("pep", "0.01", 412_345),
            Unreachable("optembed", "0.01", 33_000)));

        Assert.Equal(["method", "AUC at 0.1 (100 kB)", "AUC at 0.01 (10 kB)"], table.Headers);
        Assert.Equal("0.9000 ± 0.0010 (nearest: 412 kB)", Cell(table, "pep", "AUC at 0.1"));
        Assert.Equal("0.9000 ± 0.0010 (nearest: 412 kB)", Cell(table, "pep", "AUC at 0.01"));
        Assert.Equal("**0.7000 ± 0.0010**", Cell(table, "hash", "AUC at 0.1"));
        Assert.Equal("– (≥ 33 kB)", Cell(table, "optembed", "AUC at 0.01"));
        Assert.Equal("–", Cell(table, "optembed", "AUC at 0.1"));
    }

    [Fact]
    public void Cell_UnreachableInAnotherModel_SaysNothing()
    {
        var table = AucTable.Create(Study([.. Seeds("pep", "0.5", 0.9), .. Seeds("hash", "0.1", 0.7)], Unreachable("pep", "0.1", 412_345) with { Model = "deepfm" }));

        Assert.Equal("–", Cell(table, "pep", "AUC at 0.1"));
    }

    [Fact]
    public void Cell_Tests_AreMarkedAgainstHashAndFull()
    {
        var study = Study([.. Seeds("full", "1", 0.8), .. Seeds("hash", "0.5", 0.7), .. Seeds("qr", "0.5", 0.7995), .. Seeds("pep", "0.5", 0.6), .. Seeds("cce", "0.5", 0.7005), .. Seeds("nested", "0.5", 0.75, 600_000)]);
        var table = AucTable.Create(study);

        Assert.Equal("▲= **0.7995 ± 0.0010**", Cell(table, "qr", "AUC at 0.5"));
        Assert.Equal("▼ 0.6000 ± 0.0010", Cell(table, "pep", "AUC at 0.5"));
        Assert.Equal("0.7005 ± 0.0010", Cell(table, "cce", "AUC at 0.5"));
        Assert.Equal("0.7000 ± 0.0010", Cell(table, "hash", "AUC at 0.5"));
        Assert.Equal("**0.8000 ± 0.0010**", Cell(table, "full", "AUC at 1"));
        // Not at the same bytes as hash.
        Assert.Equal("0.7500 ± 0.0010 (at 600 kB)", Cell(table, "nested", "AUC at 0.5"));
        Assert.DoesNotContain("two seeds", AucTable.Explain(study), StringComparison.Ordinal);
    }

    [Fact]
    public void Cell_OneSeed_HasNoMarkAndItIsSaid()
    {
        var study = Study([.. Seeds("hash", "0.5", 0.7), Run("qr", "0.5", 1, 0.9)]);

        Assert.Equal("**0.9000**", Cell(AucTable.Create(study), "qr", "AUC at 0.5"));
        Assert.Contains("fewer than two seeds", AucTable.Explain(study), StringComparison.Ordinal);
    }

    [Fact]
    public void Cell_SeedThatIsNoNumber_IsLeftOut()
    {
        var table = AucTable.Create(Study([Run("qr", "0.5", 1, 0.7), Run("qr", "0.5", 2, 0.9), Run("qr", "0.5", 3, double.NaN), Run("hash", "0.5", 1, double.NaN)]));

        Assert.Equal("**0.8000 ± 0.1414**", Cell(table, "qr", "AUC at 0.5"));
        Assert.Equal("–", Cell(table, "hash", "AUC at 0.5"));
    }
}
