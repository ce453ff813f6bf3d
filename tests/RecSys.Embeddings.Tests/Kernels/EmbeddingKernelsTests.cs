using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class EmbeddingKernelsTests
{
    private const double Tolerance = 1e-5;
    private const int RowCount = 5;

    private static readonly int[] s_index = [3, 0, 3, 4, 1, 3, 0];
    private static readonly int[] s_other = [0, 0, 1, 4, 2, 2, 3];

    // A segment of three, an empty one, one, and three; the offsets start above zero as in a run inside a mini-batch.
    private static readonly int[] s_offsets = [10, 13, 13, 14, 17];

    /// <summary>Widths around the register sizes, with and without room between vectors.</summary>
    public static TheoryData<int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 64, 65, 257 })
            {
                data.Add(width, 0);
                data.Add(width, 3);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Expand_AnyWidth_ReadsTheIndexedRows(int width, int gap)
    {
        float[] rows = Numbers(RowCount * width, 1);
        int stride = width + gap;
        float[] before = Numbers(s_index.Length * stride, 2);
        float[] copied = [.. before];
        float[] added = [.. before];
        float[] multiplied = [.. before];

        EmbeddingKernels.ExpandCopy(rows, width, s_index, copied, stride);
        EmbeddingKernels.ExpandAdd(rows, width, s_index, added, stride);
        EmbeddingKernels.ExpandMultiply(rows, width, s_index, multiplied, stride);

        for (int i = 0; i < before.Length; i++)
        {
            bool isGap = i % stride >= width;
            double row = isGap ? double.NaN : rows[(s_index[i / stride] * width) + (i % stride)];
            Assert.Equal(isGap ? before[i] : row, copied[i], Tolerance);
            Assert.Equal(isGap ? before[i] : before[i] + row, added[i], Tolerance);
            Assert.Equal(isGap ? before[i] : before[i] * row, multiplied[i], Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ScatterAdd_DuplicateRows_AddsEveryOccurrence(int width, int gap)
    {
        int stride = width + gap;
        float[] gradients = Numbers(s_index.Length * stride, 3);
        float[] rows = Numbers(RowCount * width, 1);
        double[] expected = [.. rows.Select(r => (double)r)];
        for (int i = 0; i < s_index.Length; i++)
        {
            for (int j = 0; j < width; j++)
                expected[(s_index[i] * width) + j] += gradients[(i * stride) + j];
        }

        EmbeddingKernels.ScatterAdd(gradients, stride, s_index, rows, width);

        AssertClose(expected, rows);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ScatterAddScaled_DuplicateRows_AddsEveryOccurrence(int width, int gap)
    {
        int stride = width + gap;
        float[] gradients = Numbers(s_index.Length * stride, 3);
        float[] rows = Numbers(RowCount * width, 1);
        double[] expected = [.. rows.Select(r => (double)r)];
        for (int i = 0; i < s_index.Length; i++)
        {
            for (int j = 0; j < width; j++)
                expected[(s_index[i] * width) + j] += 0.25 * gradients[(i * stride) + j];
        }

        EmbeddingKernels.ScatterAddScaled(gradients, stride, 0.25f, s_index, rows, width);

        AssertClose(expected, rows);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(RowCount)]
    public void AnyKernel_RowThatDoesNotExist_Throws(int row)
    {
        float[] rows = Numbers(RowCount * 4, 1);
        var vectors = new float[8];
        int[] index = [0, row];

        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ExpandCopy(rows, 4, index, vectors, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ScatterAdd(vectors, 4, index, rows, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ScatterAddProduct(vectors, 4, rows, index, [0, 0], rows, 4));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ScatterAddProduct_DuplicateRows_AddsEveryOccurrence(int width, int gap)
    {
        int stride = width + gap;
        float[] gradients = Numbers(s_index.Length * stride, 3);
        float[] factors = Numbers(RowCount * width, 4);
        float[] rows = Numbers(RowCount * width, 1);
        double[] expected = [.. rows.Select(r => (double)r)];
        for (int i = 0; i < s_index.Length; i++)
        {
            for (int j = 0; j < width; j++)
                expected[(s_index[i] * width) + j] += (double)gradients[(i * stride) + j] * factors[(s_other[i] * width) + j];
        }

        EmbeddingKernels.ScatterAddProduct(gradients, stride, factors, s_other, s_index, rows, width);

        AssertClose(expected, rows);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(13, false)]
    [InlineData(16, true)]
    public void PoolSegments_WithEmptySegment_SumsOrAverages(int width, bool isMean)
    {
        float[] vectors = Numbers(7 * width, 5);
        int stride = width + 2;
        var output = new float[4 * stride];
        output.AsSpan().Fill(9);

        EmbeddingKernels.PoolSegments(vectors, width, s_offsets, output, stride, isMean);

        for (int s = 0; s < 4; s++)
        {
            int count = s_offsets[s + 1] - s_offsets[s];
            for (int j = 0; j < stride; j++)
            {
                double sum = Enumerable.Range(s_offsets[s] - 10, count).Sum(i => j < width ? (double)vectors[(i * width) + j] : 0);
                Assert.Equal(j >= width ? 9 : isMean && count > 0 ? sum / count : sum, output[(s * stride) + j], Tolerance);
            }
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(13, true)]
    [InlineData(16, false)]
    public void SpreadSegments_EveryVector_GetsItsSegmentsGradient(int width, bool isMean)
    {
        int stride = width + 2;
        float[] gradients = Numbers(4 * stride, 6);
        var vectors = new float[7 * width];

        EmbeddingKernels.SpreadSegments(gradients, stride, s_offsets, vectors, width, isMean);

        int[] segmentOf = [0, 0, 0, 2, 3, 3, 3];
        double[] scale = isMean ? [1 / 3.0, 0, 1, 1 / 3.0] : [1, 1, 1, 1];
        for (int i = 0; i < vectors.Length; i++)
        {
            int segment = segmentOf[i / width];
            Assert.Equal(gradients[(segment * stride) + (i % width)] * scale[segment], vectors[i], Tolerance);
        }
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance);
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
