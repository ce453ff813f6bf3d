using RecSys.Cli.Reports;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class BudgetChoiceTests
{
    [Fact]
    public void At_ValidationAndTestDisagree_FollowsValidation()
    {
        var study = Study([.. Seeds("qr", "0.5", 0.9).Select(r => r with { ValidationAuc = r.Auc - 0.2 }), .. Seeds("hash", "0.5", 0.8)]);

        Assert.Equal("hash", BudgetChoice.At(study, study.Budgets[0])!.Best.Name);
        Assert.Equal("0.8000 ± 0.0010", Cell(BudgetChoice.Table(study)!, "0.5 (500 kB)", "test AUC"));
    }

    [Fact]
    public void At_LargerThanTheBudget_IsNeverChosen()
    {
        var study = Study(
            [.. Seeds("nested", "0.5", 0.9, 511_000), .. Seeds("pep", "600000B", 0.95), .. Seeds("qr", "0.5", 0.8, 509_000), .. Seeds("hash", "0.1", 0.7)],
            Unreachable("pep", "0.5", 600_000));

        Assert.Equal("qr", BudgetChoice.At(study, study.Budgets[0])!.Best.Name);
        Assert.Equal("hash", BudgetChoice.At(study, study.Budgets[1])!.Best.Name);
    }

    [Fact]
    public void At_SmallerPointIsBetter_IsChosen()
    {
        var study = Study([.. Seeds("qr", "0.5", 0.8), .. Seeds("dpq", "0.1", 0.85)]);

        Assert.Equal("dpq", BudgetChoice.At(study, study.Budgets[0])!.Best.Name);
    }

    [Fact]
    public void At_NothingSmallEnoughOrMeasured_IsNull()
    {
        var study = Study(
            [.. Seeds("pep", "412345B", 0.9), .. Seeds("hash", "0.1", 0.7).Select(r => r with { ValidationAuc = double.NaN })],
            Unreachable("pep", "0.1", 412_345));

        Assert.Null(BudgetChoice.At(study, study.Budgets[0]));
        Assert.Null(BudgetChoice.Table(study));
    }

    [Fact]
    public void Table_LevelMethods_AreThoseTheTestCannotTellApartOnValidation()
    {
        var study = Study(
        [
            .. Seeds("best", "0.5", 0.8), .. Seeds("worse", "0.5", 0.8).Select(r => r with { ValidationAuc = r.Auc - 0.1 }),
            .. Enumerable.Range(1, 7).SelectMany(i => Seeds($"m{i}", "0.5", 0.8 - i * 0.0001)).Select(r => r with { Auc = r.Auc - 0.1 }),
        ]);

        Assert.Equal("m1; m2; m3; m4; m5; and 2 more", Cell(BudgetChoice.Table(study)!, "0.5 (500 kB)", "level"));
    }

    [Fact]
    public void Table_OneSeed_SaysThatThereIsNoTest()
        => Assert.Equal("no test: one seed", Cell(BudgetChoice.Table(Study([Run("qr", "0.5", 1, 0.8), .. Seeds("hash", "0.5", 0.7)]))!, "0.5 (500 kB)", "level"));
}
