using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Optimizers;

/// <summary>Every optimiser against its formula in double precision, number by number.</summary>
[Collection(OutstandingMemory.Name)]
public sealed class SparseOptimizerTests
{
    private const int RowCount = 6;

    public static TheoryData<string> Optimizers => [.. SparseOptimizers.Names];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_ManyStepsOfEveryWidth_FollowsTheFormula(string name)
    {
        for (int width = 1; width <= 67; width += width < 20 ? 1 : 7)
            Run(name, new SparseOptimizerOptions { LearningRate = 0.1 }, width, steps: 60, initial: 0.1);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_WithL2_PenalisesTouchedRows(string name)
        => Run(name, new SparseOptimizerOptions { LearningRate = 0.1, L2 = 0.3 }, width: 13, steps: 60, initial: 1);

    [Theory]
    [InlineData("adagrad")]
    [InlineData("row_wise_adagrad")]
    [InlineData("ftrl")]
    public void Update_WithInitialAccumulator_StartsFromIt(string name)
        => Run(name, new SparseOptimizerOptions { LearningRate = 0.1, InitialAccumulator = 2 }, width: 9, steps: 40, initial: 0.5);

    [Fact]
    public void Update_FtrlWithL1_FollowsTheFormulaAndMakesZeros()
    {
        var options = new SparseOptimizerOptions { LearningRate = 0.2, L1 = 0.4, L2 = 0.05, Beta = 0.5 };

        float[] values = Run("ftrl", options, width: 17, steps: 80, initial: 0.1);

        Assert.InRange(values.Count(v => v == 0), 1, values.Length - 1);
    }

    [Fact]
    public void Update_LazyAdamWithOtherDecays_FollowsTheFormula()
        => Run("lazy_adam", new SparseOptimizerOptions { LearningRate = 0.01, Beta1 = 0.5, Beta2 = 0.9, Epsilon = 1e-3 }, width: 8, steps: 60, initial: 0.1);

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_LearningRateChanged_UsesTheNewOne(string name)
    {
        SparseOptimizer optimizer = SparseOptimizers.Create(name, new SparseOptimizerOptions { LearningRate = 1 });
        using var table = new RowTable(new TableSpec("t", 2, 4, Initializer.Zero), optimizer, 1);
        optimizer.LearningRate = 1e-3f;
        optimizer.BeginStep();

        optimizer.Update(table, [0], [1, 1, 1, 1]);

        Assert.InRange(table.Row(0)[0], -2e-3f, -1e-4f);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_ZeroGradient_KeepsValuesFinite(string name)
    {
        SparseOptimizer optimizer = SparseOptimizers.Create(name, new());
        using var table = new RowTable(new TableSpec("t", 2, 5, Initializer.Uniform(1)), optimizer, 1);
        float[] before = table.Row(1).ToArray();
        optimizer.BeginStep();

        optimizer.Update(table, [1], new float[5]);

        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i], table.Row(1)[i], 1e-6f);
    }

    // Runs steps on random subsets of rows, next to the reference, and returns all values at the end.
    private static float[] Run(string name, SparseOptimizerOptions options, int width, int steps, double initial)
    {
        SparseOptimizer optimizer = SparseOptimizers.Create(name, options);
        using var table = new RowTable(new TableSpec("t", RowCount, width, Initializer.Uniform(initial)), optimizer, 1);
        var reference = new ReferenceOptimizer(name, options);
        double[][] expected = [.. Enumerable.Range(0, RowCount).Select(r => table.Row(r).ToArray().Select(v => (double)v).ToArray())];
        var random = new Random(width);
        for (int step = 0; step < steps; step++)
        {
            long[] rows = [.. Enumerable.Range(0, RowCount).Where(_ => random.Next(2) == 0).Select(r => (long)r)];
            random.Shuffle(rows);
            float[] gradients = [.. Enumerable.Range(0, rows.Length * width).Select(_ => random.NextSingle() - 0.4f)];
            optimizer.BeginStep();
            optimizer.Update(table, rows, gradients);
            reference.Step++;
            for (int i = 0; i < rows.Length; i++)
                reference.Update((0, rows[i]), expected[rows[i]], [.. gradients.AsSpan(i * width, width).ToArray().Select(g => (double)g)]);
        }

        for (int row = 0; row < RowCount; row++)
        {
            for (int i = 0; i < width; i++)
                Assert.Equal(expected[row][i], table.Row(row)[i], 2e-5 * (1 + Math.Abs(expected[row][i])));
        }

        return table.Floats(0, RowCount).ToArray();
    }
}
