using RecSys.Cli.Reports;
using RecSys.Training;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class SharedVectorTableTests
{
    [Fact]
    public void Create_Shares_AreMeansOverSeeds()
    {
        var table = SharedVectorTable.Create(Study(
        [
            Run("hash", "0.5", 1, 0.7) with { SharedVectors = new SharedVectors(1000, 500) }, Run("hash", "0.5", 2, 0.7) with { SharedVectors = new SharedVectors(1000, 501) },
            Run("qr", "0.1", 1, 0.7) with { SharedVectors = new SharedVectors(1000, 0) }, Run("cce", "0.5", 1, 0.7),
            Run("pep", "412345B", 1, 0.7) with { SharedVectors = new SharedVectors(1000, 250) },
        ],
        Unreachable("pep", "0.1", 412_345)))!;

        Assert.Equal("50.05 %", Cell(table, "hash", "shared at 0.5"));
        Assert.Equal("–", Cell(table, "hash", "shared at 0.1"));
        Assert.Equal("0.00 %", Cell(table, "qr", "shared at 0.1"));
        Assert.Equal("25.00 % (nearest: 412 kB)", Cell(table, "pep", "shared at 0.1"));
        Assert.DoesNotContain(table.Rows, row => row[0] == "cce");
    }

    [Fact]
    public void Create_NotCounted_IsNull() => Assert.Null(SharedVectorTable.Create(Study(Seeds("hash", "0.5", 0.7))));
}
