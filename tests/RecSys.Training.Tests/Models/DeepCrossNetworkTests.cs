namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class DeepCrossNetworkTests
{
    // 3 fields × 4 and 2 numbers.
    private const int Width = 14;

    [Theory]
    [InlineData("parallel")]
    [InlineData("stacked")]
    public void Forward_EqualsThePlainFormula(string structure)
    {
        using var small = new SmallModel($"{{name: dcnv2, structure: {structure}, cross_layers: 2, hidden_units: [6]}}");

        double[] logits = small.Logits();

        for (int sample = 0; sample < SmallModel.BatchSize; sample++)
        {
            double[] start = [.. small.Vectors(0, sample).SelectMany(v => v), .. small.Numeric(sample)];
            double[] x = start;
            foreach (string layer in new[] { "cross0", "cross1" })
                x = [.. small.Linear(layer, x).Select((value, i) => (start[i] * value) + x[i])];
            double expected = structure == "stacked"
                ? small.Perceptron(x, "dnn.linear0", "dnn.output")[0]
                : small.Linear("cross_output", x)[0] + small.Perceptron(start, "dnn.linear0", "dnn.output")[0];
            Assert.Equal(expected, logits[sample], 1e-12);
        }
    }

    [Theory]
    [InlineData("parallel", Width)]
    [InlineData("stacked", 0)]
    public void Parameters_AreAsManyAsTheFormulaSays(string structure, int crossOutput)
    {
        using var small = new SmallModel($"{{name: dcnv2, structure: {structure}, cross_layers: 3, hidden_units: [6, 5]}}");

        Assert.Equal((3 * ((Width * Width) + Width)) + crossOutput + ((Width + 1) * 6) + (7 * 5) + 6, small.ParameterCount);
    }
}
