using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class MatrixKernelTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int rows in new[] { 1, 3, 4, 9 })
            {
                for (int columns = 1; columns <= 70; columns += columns < 20 ? 1 : 7)
                    data.Add(rows, columns);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Multiply_AnyShape_EqualsTheSums(int rows, int columns)
    {
        const int Inner = 5;
        float[] left = Numbers(rows * Inner, 1);
        float[] right = Numbers(Inner * columns, 2);
        var result = new float[rows * columns];

        MatrixKernel.Multiply(left, right, rows, Inner, columns, result);

        AssertSums(new float[result.Length], result, columns, Inner, (i, k) => left[(i * Inner) + k], (k, j) => right[(k * columns) + j]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Multiply_OneRowAlone_GivesTheSameBits(int rows, int columns)
    {
        const int Inner = 7;
        float[] left = Numbers(rows * Inner, 1);
        float[] right = Numbers(Inner * columns, 2);
        var together = new float[rows * columns];
        var alone = new float[columns];

        MatrixKernel.Multiply(left, right, rows, Inner, columns, together);

        for (int i = 0; i < rows; i++)
        {
            MatrixKernel.Multiply(left.AsSpan(i * Inner, Inner), right, 1, Inner, columns, alone);
            Assert.Equal(alone, together[(i * columns)..((i + 1) * columns)]);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AddTransposedLeft_AnyShape_AddsTheSums(int rows, int columns)
    {
        const int Inner = 6;
        float[] left = Numbers(Inner * rows, 1);
        float[] right = Numbers(Inner * columns, 2);
        float[] result = Numbers(rows * columns, 3);
        float[] before = [.. result];

        MatrixKernel.AddTransposedLeft(left, right, rows, Inner, columns, result);

        AssertSums(before, result, columns, Inner, (i, k) => left[(k * rows) + i], (k, j) => right[(k * columns) + j]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AddTransposedRight_AnyShape_AddsTheSums(int rows, int inner)
    {
        const int Columns = 5;
        float[] left = Numbers(rows * inner, 1);
        float[] right = Numbers(Columns * inner, 2);
        float[] result = Numbers(rows * Columns, 3);
        float[] before = [.. result];

        MatrixKernel.AddTransposedRight(left, right, rows, inner, Columns, result);

        AssertSums(before, result, Columns, inner, (i, k) => left[(i * inner) + k], (k, j) => right[(j * inner) + k]);
    }

    [Fact]
    public void AnyPass_AllShapes_StaysInsideItsMemory()
    {
        for (int columns = 1; columns <= 40; columns++)
        {
            using GuardedFloats left = GuardedFloats.From(Numbers(5 * 3, 1));
            using GuardedFloats right = GuardedFloats.From(Numbers(3 * columns, 2));
            using var result = new GuardedFloats(5 * columns);

            MatrixKernel.Multiply(left.Span, right.Span, 5, 3, columns, result.Span);
            MatrixKernel.AddTransposedLeft(left.Span, right.Span, 5, 3, columns, result.Span);
            MatrixKernel.AddTransposedRight(right.Span, right.Span, 3, columns, 1, result.Span);
        }
    }

    [Fact]
    public void AnyPass_MatrixTooShort_Throws()
    {
        float[] six = new float[6];

        Assert.Throws<ArgumentException>(() => MatrixKernel.Multiply(six, six, 2, 3, 3, six));
        Assert.Throws<ArgumentException>(() => MatrixKernel.Multiply(six, six, 3, 2, 3, six));
        Assert.Throws<ArgumentException>(() => MatrixKernel.AddTransposedLeft(six, six, 3, 2, 3, six));
        Assert.Throws<ArgumentException>(() => MatrixKernel.AddTransposedRight(six, six, 4, 2, 1, six));
    }

    private static void AssertSums(float[] before, float[] result, int columns, int inner, Func<int, int, float> left, Func<int, int, float> right)
    {
        for (int i = 0; i < result.Length; i++)
        {
            double sum = Enumerable.Range(0, inner).Sum(k => (double)left(i / columns, k) * right(k, i % columns));
            Assert.Equal(before[i] + sum, result[i], Tolerance);
        }
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
