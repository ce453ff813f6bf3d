using RecSys.Embeddings.Optimizers;

namespace RecSys.Embeddings.Tests.Optimizers;

public sealed class SparseOptimizersTests
{
    [Theory]
    [InlineData("sgd", 0)]
    [InlineData("adagrad", 16)]
    [InlineData("row_wise_adagrad", 1)]
    [InlineData("lazy_adam", 32)]
    [InlineData("ftrl", 32)]
    public void Create_KnownName_GivesThatOptimizer(string name, int stateWidth)
    {
        SparseOptimizer optimizer = SparseOptimizers.Create(name, new());

        Assert.Equal(name, optimizer.Name);
        Assert.Equal(stateWidth, optimizer.StateWidth(16));
        Assert.Contains(name, SparseOptimizers.Names);
    }

    [Fact]
    public void Names_AllOptimizers_AreTheOnesTested() => Assert.Equal(["sgd", "adagrad", "row_wise_adagrad", "lazy_adam", "ftrl"], SparseOptimizers.Names);

    [Fact]
    public void Create_UnknownName_ListsTheValidOnes()
    {
        var error = Assert.Throws<ArgumentException>(() => SparseOptimizers.Create("adam", new()));

        Assert.Contains("'adam' is unknown; valid are sgd, adagrad, row_wise_adagrad, lazy_adam, ftrl", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sgd", "epsilon")]
    [InlineData("adagrad", "beta1")]
    [InlineData("lazy_adam", "initial_accumulator")]
    [InlineData("lazy_adam", "l1")]
    [InlineData("ftrl", "epsilon")]
    public void Create_OptionOfAnotherOptimizer_ListsItsOwn(string name, string option)
    {
        SparseOptimizerOptions options = SparseOptimizerOptions.Parse(new Dictionary<string, string> { [option] = "0.125" });

        var error = Assert.Throws<ArgumentException>(() => SparseOptimizers.Create(name, options));

        Assert.Contains($"'{name}' has no option '{option}'; valid are {string.Join(", ", SparseOptimizers.OptionNames(name))}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_EveryOwnOption_IsAccepted()
    {
        foreach (string name in SparseOptimizers.Names)
        {
            Dictionary<string, string> values = SparseOptimizers.OptionNames(name).ToDictionary(o => o, _ => "0.125");
            Assert.Equal(0.125f, SparseOptimizers.Create(name, SparseOptimizerOptions.Parse(values)).LearningRate);
        }
    }

    [Fact]
    public void Create_FtrlThatDividesByZero_IsRefused()
        => Assert.Contains("'beta'", Assert.Throws<ArgumentException>(() => SparseOptimizers.Create("ftrl", new() { Beta = 0 })).Message, StringComparison.Ordinal);
}
