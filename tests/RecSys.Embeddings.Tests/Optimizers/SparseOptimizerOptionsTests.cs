using RecSys.Embeddings.Optimizers;

namespace RecSys.Embeddings.Tests.Optimizers;

public sealed class SparseOptimizerOptionsTests
{
    [Fact]
    public void Parse_EverySetting_ReadsItsValue()
    {
        var options = SparseOptimizerOptions.Parse(new Dictionary<string, string>
        {
            ["learning_rate"] = "0.5", ["l2"] = "1e-3", ["l1"] = "2", ["epsilon"] = "1e-6", ["initial_accumulator"] = "0.1",
            ["beta1"] = "0.8", ["beta2"] = "0.99", ["beta"] = "3",
        });

        Assert.Equal(
            new SparseOptimizerOptions { LearningRate = 0.5, L2 = 1e-3, L1 = 2, Epsilon = 1e-6, InitialAccumulator = 0.1, Beta1 = 0.8, Beta2 = 0.99, Beta = 3 },
            options);
    }

    [Fact]
    public void Parse_Nothing_GivesTheDefaults() => Assert.Equal(new SparseOptimizerOptions(), SparseOptimizerOptions.Parse(new Dictionary<string, string>()));

    [Theory]
    [InlineData("learning_rte", "0.1", "has no option 'learning_rte'; valid are learning_rate, l2")]
    [InlineData("l2", "small", "'l2' of the sparse optimiser is 'small'; it must be a number at least 0")]
    [InlineData("learning_rate", "0", "'learning_rate' of the sparse optimiser is 0; it must be above 0")]
    [InlineData("learning_rate", "NaN", "'learning_rate'")]
    [InlineData("learning_rate", "Infinity", "'learning_rate'")]
    [InlineData("l1", "-1", "'l1' of the sparse optimiser is -1; it must be at least 0")]
    [InlineData("epsilon", "0", "'epsilon'")]
    [InlineData("beta1", "1", "'beta1' of the sparse optimiser is 1; it must be at least 0 and below 1")]
    [InlineData("beta2", "-0.1", "'beta2'")]
    public void Parse_BadSetting_NamesItAndWhatIsValid(string name, string value, string fault)
    {
        var error = Assert.Throws<ArgumentException>(() => SparseOptimizerOptions.Parse(new Dictionary<string, string> { [name] = value }));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }
}
