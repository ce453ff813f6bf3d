using MathNet.Numerics.LinearAlgebra;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class PrincipalAxesTests
{
    // 70,000 vectors of 2 numbers and 100 of 700 take more than one block.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 3)]
    [InlineData(50, 16)]
    [InlineData(70_000, 2)]
    [InlineData(100, 700)]
    public void First_AllAxes_AreAtRightAngles(int count, int width)
    {
        float[] axes = Axes(Vectors(count, width), width).First(width);

        for (int a = 0; a < width; a += 1 + (width / 10))
        {
            for (int b = 0; b < width; b += 1 + (width / 10))
                Assert.Equal(a == b ? 1 : 0, Dot(axes.AsSpan(a * width, width), axes.AsSpan(b * width, width)), 1e-5);
        }
    }

    [Fact]
    public void First_SomeAxes_LeaveTheSquaresOfTheOtherSingularValues()
    {
        const int Count = 400;
        const int Width = 12;
        float[] vectors = Vectors(Count, Width);
        double[] squares = [.. Matrix<double>.Build.Dense(Count, Width, (i, j) => vectors[(i * Width) + j]).Svd().S.Select(s => s * s)];
        PrincipalAxes principal = Axes(vectors, Width);
        for (int count = 0; count <= Width; count++)
        {
            float[] axes = principal.First(count);
            double carried = 0;
            for (int i = 0; i < Count; i++)
            {
                for (int axis = 0; axis < count; axis++)
                    carried += Math.Pow(Dot(vectors.AsSpan(i * Width, Width), axes.AsSpan(axis * Width, Width)), 2);
            }

            Assert.Equal(squares.Take(count).Sum(), carried, 1e-5 * squares.Sum());
        }
    }

    [Fact]
    public void Add_InPieces_GivesTheSameAxes()
    {
        float[] vectors = Vectors(300, 8);
        var pieces = new PrincipalAxes(8);
        foreach (float[] piece in vectors.Chunk(8 * 37))
            pieces.Add(piece);

        float[] expected = Axes(vectors, 8).First(8);
        float[] actual = pieces.First(8);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(Math.Abs(expected[i]), Math.Abs(actual[i]), 1e-5f);
    }

    private static PrincipalAxes Axes(float[] vectors, int width)
    {
        var axes = new PrincipalAxes(width);
        axes.Add(vectors);
        return axes;
    }

    // Columns of falling size.
    private static float[] Vectors(int count, int width)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count * width).Select(i => (random.NextSingle() - 0.5f) / (1 + (i % width)))];
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
