using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class ProjectionKernelTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in new[] { 1, 3, 8 })
            {
                for (int dimension = 1; dimension <= 70; dimension += dimension < 20 ? 1 : 7)
                    data.Add(width, dimension);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Multiply_AnyShape_EqualsTheSums(int width, int dimension)
    {
        float[] row = Numbers(width, 1);
        float[] matrix = Numbers(width * dimension, 2);
        var vector = new float[dimension];

        ProjectionKernel.Multiply(row, matrix, vector);

        for (int j = 0; j < dimension; j++)
            Assert.Equal(Enumerable.Range(0, width).Sum(k => (double)row[k] * matrix[(k * dimension) + j]), vector[j], Tolerance);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AddGradients_DuplicateRows_AddsToRowsAndMatrix(int width, int dimension)
    {
        int[] index = [2, 0, 2, 1];
        int stride = dimension + 3;
        float[] rows = Numbers(3 * width, 1);
        float[] matrix = Numbers(width * dimension, 2);
        float[] gradients = Numbers(index.Length * stride, 3);
        float[] rowGradients = Numbers(3 * width, 4);
        float[] matrixGradients = Numbers(width * dimension, 5);
        double[] expectedRows = [.. rowGradients.Select(x => (double)x)];
        double[] expectedMatrix = [.. matrixGradients.Select(x => (double)x)];
        for (int i = 0; i < index.Length; i++)
        {
            for (int k = 0; k < width; k++)
            {
                for (int j = 0; j < dimension; j++)
                {
                    double gradient = gradients[(i * stride) + j];
                    expectedRows[(index[i] * width) + k] += gradient * matrix[(k * dimension) + j];
                    expectedMatrix[(k * dimension) + j] += gradient * rows[(index[i] * width) + k];
                }
            }
        }

        ProjectionKernel.AddGradients(rows, index, matrix, gradients, stride, dimension, rowGradients, matrixGradients);

        Assert.All(expectedRows.Zip(rowGradients), p => Assert.Equal(p.First, p.Second, Tolerance));
        Assert.All(expectedMatrix.Zip(matrixGradients), p => Assert.Equal(p.First, p.Second, Tolerance));
    }

    [Fact]
    public void AnyPass_AllDimensions_StaysInsideItsMemory()
    {
        const int Width = 3;
        for (int dimension = 1; dimension <= 67; dimension++)
        {
            using GuardedFloats rows = GuardedFloats.From(Numbers(2 * Width, 1));
            using GuardedFloats matrix = GuardedFloats.From(Numbers(Width * dimension, 2));
            using GuardedFloats gradients = GuardedFloats.From(Numbers(2 * dimension, 3));
            using var sums = new GuardedFloats(Width * dimension);

            ProjectionKernel.AddGradients(rows.Span, [1, 0], matrix.Span, gradients.Span, dimension, dimension, new float[2 * Width], sums.Span);
            ProjectionKernel.Multiply(rows.Span[Width..], matrix.Span, gradients.Span[dimension..]);
        }
    }

    [Fact]
    public void AnyPass_BlockTooShort_Throws()
    {
        float[] six = new float[6];

        Assert.Throws<ArgumentException>(() => ProjectionKernel.Multiply(new float[2], six, new float[4]));
        Assert.Throws<ArgumentException>(() => ProjectionKernel.AddGradients(six, [0, 1], six, new float[5], 3, 3, six, six));
        Assert.Throws<ArgumentException>(() => ProjectionKernel.AddGradients(six, [0], six, six, 3, 3, six, new float[3]));
        Assert.Throws<IndexOutOfRangeException>(() => ProjectionKernel.AddGradients(six, [3], six, six, 3, 3, six, six));
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
