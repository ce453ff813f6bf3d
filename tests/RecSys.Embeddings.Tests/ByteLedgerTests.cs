using RecSys.Embeddings.Tests.Methods;

namespace RecSys.Embeddings.Tests;

public sealed class ByteLedgerTests
{
    [Fact]
    public void Of_FullTables_CountsEachPart()
    {
        var layout = MethodCases.Build("full", "", 4, 1);

        ByteLedger ledger = ByteLedger.Of(layout, width => 2 * width, _ => 30);

        long parameters = (23 + 61 + 40) * 4 * 4;
        long gradients = (23 + 30 + 30) * 4 * 4;
        Assert.Equal(parameters, ledger.Parameters);
        Assert.Equal(parameters, ledger.Serve);
        Assert.Equal((3 * parameters) + gradients, ledger.TrainingPeak);
        Assert.Equal(3 * parameters, ledger.Disk);
        Assert.Equal(["s/user", "s/item", "s/word"], ledger.Tables.Select(t => t.Name));
    }

    [Fact]
    public void Of_RowWiseState_CountsOneNumberPerRow()
    {
        ByteLedger ledger = ByteLedger.Of(MethodCases.Build("full", "", 4, 1), _ => 1, _ => 0);

        Assert.Equal([23 * 4, 61 * 4, 40 * 4], ledger.Tables.Select(t => t.State));
        Assert.All(ledger.Tables, t => Assert.Equal(0, t.Gradients));
    }

    [Fact]
    public void Of_SharedTable_CountsEveryLookup()
    {
        var layout = MethodCases.Build("unified", "", 4, 1, [new("a", 1000), new("b", 1000)]);

        ByteLedger ledger = ByteLedger.Of(layout, width => width, _ => 10);

        // Two fields of ten ids, two chunks of two numbers each.
        Assert.Equal(2 * 10 * 2 * 2 * sizeof(float), Assert.Single(ledger.Tables).Gradients);
    }

    [Fact]
    public void Of_Projection_IsTouchedWhole()
    {
        var layout = MethodCases.Build("low_dimension", "projection=per_field", 16, 0.5, [new("f", 1000)]);

        ByteLedger ledger = ByteLedger.Of(layout, _ => 0, _ => 1);

        Assert.Equal(7 * 16 * sizeof(float), ledger.Tables.Single(t => t.Name == "s/f/projection").Gradients);
    }

    [Fact]
    public void Of_AuxiliaryBytes_AreServedAndStored()
    {
        var layout = MethodCases.Build("full", "", 4, 1) with { AuxiliaryBytes = 100 };

        ByteLedger ledger = ByteLedger.Of(layout, _ => 0, _ => 0);

        Assert.Equal(ledger.Parameters + 100, ledger.Serve);
        Assert.Equal(ledger.Serve, ledger.Disk);
        Assert.Equal(ledger.Serve, layout.ByteCount);
    }
}
