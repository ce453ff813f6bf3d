namespace RecSys.Torch.Tests;

/// <summary>Comparison of tensors with numbers computed by hand.</summary>
internal static class TensorAssert
{
    /// <summary>Exactly these numbers, whatever the type of the elements.</summary>
    public static void Equal(double[] expected, Tensor actual) => Assert.Equal(expected, Wide(actual));

    public static void Equal(bool[] expected, Tensor actual) => Assert.Equal(expected, actual.ToArray<bool>());

    public static void Shape(long[] expected, Tensor actual) => Assert.Equal(expected, actual.shape);

    /// <summary>|actual − expected| ≤ tolerance·(1 + |expected|), element by element.</summary>
    public static void Near(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = Wide(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(
                Math.Abs(values[i] - expected[i]) <= tolerance * (1 + Math.Abs(expected[i])),
                $"Element {i} is {values[i]}, expected {expected[i]}.");
    }

    private static double[] Wide(Tensor tensor)
    {
        using Tensor wide = tensor.to(torch.float64);
        return wide.ToArray<double>();
    }
}
