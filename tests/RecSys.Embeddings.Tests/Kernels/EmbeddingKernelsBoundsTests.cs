using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>All row widths and starts, memory that ends at a page border, numbers that are not finite, and sizes that do not fit.</summary>
public sealed class EmbeddingKernelsBoundsTests
{
    private static readonly int[] s_index = [1, 0, 2, 1];

    [Fact]
    public void AnyKernel_AllWidths_StaysInsideItsMemory()
    {
        for (int width = 1; width <= 67; width++)
        {
            using GuardedFloats rows = GuardedFloats.From(Numbers(3 * width));
            using GuardedFloats vectors = GuardedFloats.From(Numbers(4 * width));

            EmbeddingKernels.ExpandCopy(rows.Span, width, s_index, vectors.Span, width);
            Assert.Equal(rows.Span[^width..].ToArray(), vectors.Span.Slice(2 * width, width).ToArray());
            EmbeddingKernels.ExpandAdd(rows.Span, width, s_index, vectors.Span, width);
            EmbeddingKernels.ExpandMultiply(rows.Span, width, s_index, vectors.Span, width);
            EmbeddingKernels.ScatterAdd(vectors.Span, width, s_index, rows.Span, width);
            EmbeddingKernels.ScatterAddScaled(vectors.Span, width, 2, s_index, rows.Span, width);
            EmbeddingKernels.ScatterAddProduct(vectors.Span, width, rows.Span, s_index, s_index, rows.Span, width);
            EmbeddingKernels.ExpandAddScaled(rows.Span, width, s_index, [1, 2, 3, 4], vectors.Span, width);
            EmbeddingKernels.ScatterAddScaled(vectors.Span, width, [1, 2, 3, 4], s_index, rows.Span, width);
            EmbeddingKernels.Dot(rows.Span, width, s_index, vectors.Span, width, new float[4]);
            EmbeddingKernels.PoolSegments(vectors.Span, width, [0, 1, 1, 4], rows.Span, width, isMean: true);
            EmbeddingKernels.SpreadSegments(rows.Span, width, [0, 1, 1, 4], vectors.Span, width, isMean: true);
        }
    }

    [Fact]
    public void Pool_AllWidthsAndStarts_EqualsTheNaiveSum()
    {
        float[] buffer = Numbers(300 * 4);
        for (int width = 1; width <= 257; width++)
        {
            int start = width % 17;
            ReadOnlySpan<float> vectors = buffer.AsSpan(start, 4 * width);
            float[] output = new float[start + width];

            EmbeddingKernels.PoolSegments(vectors, width, [0, 4], output.AsSpan(start), width, isMean: false);

            for (int i = 0; i < width; i++)
                Assert.Equal(vectors[i] + vectors[i + width] + vectors[i + (2 * width)] + vectors[i + (3 * width)], output[start + i]);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void AnyKernel_NumberThatIsNotFinite_ReachesItsPlaceAndNoOther(float special)
    {
        const int Width = 21;
        for (int place = 0; place < Width; place++)
        {
            float[] rows = new float[3 * Width];
            rows[Width + place] = special;
            float[] vectors = new float[4 * Width];
            EmbeddingKernels.ExpandAdd(rows, Width, s_index, vectors, Width);
            Assert.Equal([place, (3 * Width) + place], Places(vectors, special));

            float[] sums = new float[3 * Width];
            EmbeddingKernels.ScatterAdd(vectors, Width, s_index, sums, Width);
            Assert.Equal([Width + place], Places(sums, special));

            float[] pooled = new float[2 * Width];
            EmbeddingKernels.PoolSegments(vectors, Width, [0, 3, 4], pooled, Width, isMean: false);
            Assert.Equal([place, Width + place], Places(pooled, special));
        }
    }

    [Fact]
    public void AnyKernel_NothingToDo_AcceptsEmptyBlocks()
    {
        EmbeddingKernels.ExpandCopy([], 4, [], [], 4);
        EmbeddingKernels.ScatterAdd([], 4, [], [], 4);
        EmbeddingKernels.PoolSegments([], 4, [], [], 4, isMean: false);
        EmbeddingKernels.PoolSegments([], 4, [7], [], 4, isMean: true);
        EmbeddingKernels.SpreadSegments([], 4, [7], [], 4, isMean: true);
    }

    [Fact]
    public void AnyKernel_BlockTooShort_Throws()
    {
        float[] four = new float[4];

        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ExpandCopy(four, 2, [0, 1], new float[3], 2));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ExpandAdd(four, 2, [0, 1], new float[4], 3));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ScatterAdd(new float[3], 2, [0, 1], four, 2));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.ScatterAddProduct(four, 2, four, [0], [0, 1], four, 2));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.PoolSegments(four, 2, [0, 3], four, 2, isMean: false));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.PoolSegments(four, 2, [2, 1], four, 2, isMean: false));
        Assert.Throws<ArgumentException>(() => EmbeddingKernels.SpreadSegments(new float[1], 2, [0, 2], four, 2, isMean: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ExpandCopy(four, 0, [0], four, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmbeddingKernels.ExpandCopy(four, 2, [0], four, 1));
    }

    private static int[] Places(float[] values, float special)
        => [.. Enumerable.Range(0, values.Length).Where(i => values[i].Equals(special))];

    private static float[] Numbers(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
