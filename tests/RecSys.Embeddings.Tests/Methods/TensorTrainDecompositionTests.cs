using MathNet.Numerics.LinearAlgebra;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class TensorTrainDecompositionTests
{
    // 60 ids are all combinations of the digits; of 53 the last ones are missing.
    private static readonly TensorTrainShape s_shape = new([3, 4, 5], [1, 2, 2]);

    [Theory]
    [InlineData(60, 0)]
    [InlineData(53, 0)]
    [InlineData(66, 6)]
    public void Write_FullRank_GivesTheVectors(int rows, int hot)
    {
        using RowTable vectors = Table("v", rows, 4, Initializer.Normal(1));

        double[] restored = Restored(vectors, hot, rank: 10);

        for (int id = hot; id < rows; id++)
        {
            for (int column = 0; column < 4; column++)
                Assert.Equal(vectors.Row(id)[column], restored[((id - hot) * 4) + column], 1e-5);
        }
    }

    // The squared error lies between the largest and the sum of those that the two cuts of the train take alone.
    [Fact]
    public void Write_EveryRank_LosesNoMoreThanTheSingularValuesLeftOut()
    {
        using RowTable vectors = Table("v", 60, 4, Initializer.Normal(1));
        float[] values = vectors.Floats(0, 60).ToArray();
        double[] first = Squares(3, 80, (i, j) => values[Place(i, j / 20, j / 4 % 5, 0, j / 2 % 2, j % 2)]);
        double[] last = Squares(24, 10, (i, j) => values[Place(i / 8, i / 2 % 4, j / 2, 0, i % 2, j % 2)]);
        double before = double.PositiveInfinity;
        for (int rank = 1; rank <= 10; rank++)
        {
            double[] restored = Restored(vectors, hot: 0, rank);
            double error = values.Select((x, i) => Math.Pow(x - restored[i], 2)).Sum();

            double left = first.Skip(rank).Sum();
            double right = last.Skip(rank).Sum();
            Assert.InRange(error, Math.Max(left, right) - 1e-6, left + right + 1e-6);
            Assert.True(error <= before + 1e-9);
            before = error;
        }

        static int Place(int i, int j, int k, int a, int b, int c) => ((((i * 4) + j) * 5) + k) * 4 + (((a * 2) + b) * 2) + c;
    }

    private static double[] Squares(int rows, int columns, Func<int, int, float> value)
        => [.. Matrix<double>.Build.Dense(rows, columns, (i, j) => value(i, j)).Svd().S.Select(s => s * s)];

    // The vectors of the cores, by the definition of the method.
    private static double[] Restored(RowTable vectors, int hot, int rank)
    {
        int[] widths = s_shape.Widths(rank);
        RowTable[] cores = [.. widths.Select((width, core) => Table($"f/core_{core + 1}", s_shape.RowFactors[core], width, Initializer.Normal(1)))];
        new TensorTrainDecomposition(vectors, hot, s_shape).Write(cores[0], cores[1], cores[2]);
        EmbeddingField field = new("f", 60);
        var layout = new MethodLayout(4, [.. cores.Select(c => c.Spec with { Name = $"s/{c.Spec.Name}" })], [new FieldLayout(field, [], null!)], 0);
        var rows = new DefinitionRows("", layout, [.. cores.Select(c => c.Floats(0, (int)c.Spec.RowCount).ToArray().Select(x => (double)x).ToArray())]) { Field = field };
        double[] restored = [.. Enumerable.Range(0, 60).SelectMany(id => MethodDefinitions.Of("tt_rec").Vector(rows, id))];
        foreach (RowTable core in cores)
            core.Dispose();
        return restored;
    }

    private static RowTable Table(string name, long rows, int width, Initializer initializer)
        => new(new TableSpec(name, rows, width, initializer), new Sgd(new SparseOptimizerOptions()), seed: 3);
}
