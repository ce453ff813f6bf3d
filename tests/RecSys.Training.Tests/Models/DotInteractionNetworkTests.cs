using RecSys.Data.Configuration;

namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class DotInteractionNetworkTests
{
    private const string Options = "{name: dlrm, bottom_units: [5], hidden_units: [6]}";

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public void Forward_EqualsThePlainFormula(int numeric)
    {
        using var small = new SmallModel(Options, numeric: numeric);

        double[] logits = small.Logits();

        for (int sample = 0; sample < SmallModel.BatchSize; sample++)
        {
            // The layers of a chain are named by place; 1 and 3 are activations.
            double[] dense = numeric == 0 ? [] : SmallModel.Relu(small.Perceptron(small.Numeric(sample), "bottom.0", "bottom.2"));
            double[][] vectors = numeric == 0 ? small.Vectors(0, sample) : [dense, .. small.Vectors(0, sample)];
            List<double> top = [.. dense];
            for (int i = 1; i < vectors.Length; i++)
            {
                for (int j = 0; j < i; j++)
                    top.Add(SmallModel.Dot(vectors[i], vectors[j]));
            }

            Assert.Equal(small.Perceptron([.. top], "top.linear0", "top.output")[0], logits[sample], 1e-12);
        }
    }

    [Fact]
    public void Parameters_AreAsManyAsTheFormulaSays()
    {
        using var with = new SmallModel(Options);
        using var without = new SmallModel(Options, numeric: 0);

        // Bottom 2 → 5 → 4; top of 4 + 6 or 3 inputs → 6 → 1.
        Assert.Equal((3 * 5) + (6 * 4) + (11 * 6) + 7, with.ParameterCount);
        Assert.Equal((4 * 6) + 7, without.ParameterCount);
    }

    [Fact]
    public void Create_OneVector_SaysWhatItNeeds()
        => Assert.Contains("two vectors", Assert.Throws<ConfigException>(() => new SmallModel(Options, fields: 1, numeric: 0)).Message, StringComparison.Ordinal);
}
