using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>The kernels that take a factor per vector.</summary>
public sealed class EmbeddingKernelsWeightedTests
{
    private const double Tolerance = 1e-5;
    private const int RowCount = 5;

    private static readonly int[] s_index = [3, 0, 3, 4, 1, 3, 0];
    private static readonly float[] s_factors = [1, -0.5f, 0, 2, 0.25f, -3, 1.5f];

    [Theory]
    [MemberData(nameof(EmbeddingKernelsTests.Shapes), MemberType = typeof(EmbeddingKernelsTests))]
    public void ExpandAddScaled_AnyWidth_AddsTheScaledRows(int width, int gap)
    {
        int stride = width + gap;
        float[] rows = Numbers(RowCount * width, 1);
        float[] before = Numbers(s_index.Length * stride, 2);
        float[] output = [.. before];

        EmbeddingKernels.ExpandAddScaled(rows, width, s_index, s_factors, output, stride);

        for (int i = 0; i < before.Length; i++)
        {
            double added = i % stride >= width ? 0 : (double)s_factors[i / stride] * rows[(s_index[i / stride] * width) + (i % stride)];
            Assert.Equal(before[i] + added, output[i], Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(EmbeddingKernelsTests.Shapes), MemberType = typeof(EmbeddingKernelsTests))]
    public void ScatterAddScaled_FactorPerVector_AddsEveryOccurrence(int width, int gap)
    {
        int stride = width + gap;
        float[] gradients = Numbers(s_index.Length * stride, 3);
        float[] rows = Numbers(RowCount * width, 1);
        double[] expected = [.. rows.Select(r => (double)r)];
        for (int i = 0; i < s_index.Length; i++)
        {
            for (int j = 0; j < width; j++)
                expected[(s_index[i] * width) + j] += (double)s_factors[i] * gradients[(i * stride) + j];
        }

        EmbeddingKernels.ScatterAddScaled(gradients, stride, s_factors, s_index, rows, width);

        Assert.All(expected.Zip(rows), p => Assert.Equal(p.First, p.Second, Tolerance));
    }

    [Theory]
    [MemberData(nameof(EmbeddingKernelsTests.Shapes), MemberType = typeof(EmbeddingKernelsTests))]
    public void Dot_AnyWidth_MultipliesRowsAndGradients(int width, int gap)
    {
        int stride = width + gap;
        float[] rows = Numbers(RowCount * width, 1);
        float[] gradients = Numbers(s_index.Length * stride, 3);
        float[] products = Numbers(s_index.Length, 4);

        EmbeddingKernels.Dot(rows, width, s_index, gradients, stride, products);

        for (int i = 0; i < s_index.Length; i++)
            Assert.Equal(Enumerable.Range(0, width).Sum(j => (double)rows[(s_index[i] * width) + j] * gradients[(i * stride) + j]), products[i], Tolerance);
    }

    [Fact]
    public void AnyKernel_SizesThatDoNotFit_Throw()
    {
        float[] rows = Numbers(RowCount * 4, 1);
        float[] vectors = new float[8];

        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ExpandAddScaled(rows, 4, [0, 1], [1], vectors, 4));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ScatterAddScaled(vectors, 4, [1, 2, 3], [0, 1], rows, 4));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.Dot(rows, 4, [0, 1], vectors, 4, new float[1]));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.Dot(rows, 4, [0, 1, 2], vectors, 4, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ExpandAddScaled(rows, 4, [0, RowCount], [1, 2], vectors, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ScatterAddScaled(vectors, 4, [1, 2], [0, -1], rows, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.Dot(rows, 4, [0, RowCount], vectors, 4, new float[2]));
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
