using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Tables;

[Collection(OutstandingMemory.Name)]
public sealed class RowTableTests
{
    private static readonly SparseOptimizer s_sgd = SparseOptimizers.Create("sgd", new());

    [Fact]
    public void Constructor_SeedAndName_DecideTheValues()
    {
        var spec = new TableSpec("t", 1000, 5, Initializer.Uniform(0.1));
        using var table = new RowTable(spec, s_sgd, 1);
        using var same = new RowTable(spec, s_sgd, 1);
        using var otherSeed = new RowTable(spec, s_sgd, 2);
        using var otherName = new RowTable(spec with { Name = "u" }, s_sgd, 1);

        Assert.Equal(All(table), All(same));
        Assert.NotEqual(All(table), All(otherSeed));
        Assert.NotEqual(All(table), All(otherName));
    }

    // A table of more rows starts with the rows of the smaller one, so values do not depend on how a table is split.
    [Fact]
    public void Constructor_MoreRowsThanOneChunk_ContinuesTheSameSequence()
    {
        var spec = new TableSpec("t", 300_000, 7, Initializer.Normal(1));
        using var large = new RowTable(spec, s_sgd, 1);
        using var small = new RowTable(spec with { RowCount = 1000 }, s_sgd, 1);

        Assert.Equal(All(small), large.Floats(0, 1000).ToArray());
        Assert.Equal(large.Row(299_999).ToArray(), large.Floats(299_999, 1).ToArray());
        Assert.NotEqual(large.Row(0).ToArray(), large.Row(150_000).ToArray());
        Assert.DoesNotContain(0f, large.Row(299_999).ToArray());
    }

    // A part of a table, here every third row, holds the bits of the whole one: at the start and after updates with random rounding.
    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    [InlineData("int8")]
    public void Update_PartOfATable_IsThatOfTheWhole(string precision)
    {
        var adagrad = SparseOptimizers.Create("row_wise_adagrad", new());
        var spec = new TableSpec("t", 1000, 5, Initializer.Normal(1)) { Precision = RowPrecision.Parse(precision) };
        using var whole = new RowTable(spec, adagrad, 1);
        using var part = new RowTable(spec with { RowCount = 333, Numbers = new RowNumbers(1, 3) }, adagrad, 1);

        AssertSame();
        adagrad.BeginStep();
        for (long row = 0; row < 333; row++)
        {
            float[] gradient = [.. Enumerable.Range(0, 5).Select(i => MathF.Sin((row * 5) + i))];
            adagrad.Update(whole, [1 + (3 * row)], gradient);
            adagrad.Update(part, [row], gradient);
        }

        AssertSame();

        void AssertSame()
        {
            for (long row = 0; row < 333; row++)
            {
                Assert.Equal(whole.RowBytes(1 + (3 * row)), part.RowBytes(row));
                Assert.Equal(whole.State(1 + (3 * row)), part.State(row));
            }
        }
    }

    // More rows than one job has; numbers lie within a range of 1.
    [Theory]
    [InlineData("fp32", "fp32", 0)]
    [InlineData("fp32", "fp16", 5e-4)]
    [InlineData("fp32", "int8", 2.1e-3)]
    [InlineData("fp32", "int4", 0.034)]
    [InlineData("int8", "fp32", 0)]
    [InlineData("int8", "int8", 0)]
    [InlineData("fp16", "int8", 2.1e-3)]
    public void CopyFrom_OtherPrecision_IsWithinHalfAStep(string from, string to, float bound)
    {
        using var source = new RowTable(new TableSpec("a", 3000, 5, Initializer.Uniform(0.5)) { Precision = RowPrecision.Parse(from) }, s_sgd, 1);
        using var target = new RowTable(new TableSpec("b", 3000, 5, Initializer.Zero) { Precision = RowPrecision.Parse(to) }, s_sgd, 1);

        target.CopyFrom(source);

        float[] expected = new float[5];
        float[] actual = new float[5];
        for (long row = 0; row < 3000; row++)
        {
            source.ReadRow(row, expected);
            target.ReadRow(row, actual);
            for (int j = 0; j < 5; j++)
                Assert.InRange(Math.Abs(expected[j] - actual[j]), 0, bound);
        }
    }

    [Fact]
    public void CopyFrom_OtherShape_Throws()
    {
        using var source = new RowTable(new TableSpec("a", 30, 5, Initializer.Zero), s_sgd, 1);
        using var target = new RowTable(new TableSpec("b", 30, 4, Initializer.Zero), s_sgd, 1);

        Assert.Contains("[30 × 4]", Assert.Throws<ArgumentException>(() => target.CopyFrom(source)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_InitialAccumulator_FillsEveryRow()
    {
        var spec = new TableSpec("t", 70_000, 3, Initializer.Zero);
        using var adagrad = new RowTable(spec, SparseOptimizers.Create("adagrad", new() { InitialAccumulator = 0.5 }), 1);
        using var ftrl = new RowTable(spec, SparseOptimizers.Create("ftrl", new() { InitialAccumulator = 0.5 }), 1);

        Assert.Equal([0.5f, 0.5f, 0.5f], adagrad.State(69_999).ToArray());
        Assert.Equal([0.5f, 0.5f, 0.5f, 0, 0, 0], ftrl.State(69_999).ToArray());
    }

    [Fact]
    public void Constructor_HugeZeroTable_TakesNoMemoryUntilTouched()
    {
        long workingSet = Environment.WorkingSet;

        // 2.4 · 10^9 numbers and their state: 19 GB if they were written.
        using var table = new RowTable(new TableSpec("t", 150_000_000, 16, Initializer.Zero), SparseOptimizers.Create("adagrad", new()), 1);
        table.Row(149_999_999)[15] = 3;

        Assert.Equal(3, table.Floats(149_999_999, 1)[15]);
        Assert.True(Environment.WorkingSet - workingSet < 1L << 30);
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("normal")]
    [InlineData("constant")]
    public void ResetRow_AnyRow_HasTheFirstValuesOfTheKey(string distribution)
    {
        Initializer initializer = distribution switch { "uniform" => Initializer.Uniform(0.1), "normal" => Initializer.Normal(0.1), _ => new(InitialDistribution.Constant, 3) };
        var spec = new TableSpec("t", 100, 7, initializer);
        SparseOptimizer ftrl = SparseOptimizers.Create("ftrl", new() { InitialAccumulator = 0.5 });
        using var filled = new RowTable(spec, ftrl, 1);
        using var table = RowTable.CreateUnfilled(spec, ftrl, 1);
        Assert.All(All(table), v => Assert.Equal(0, v));

        foreach (long key in new long[] { 99, 0, 41, 99 })
        {
            table.State(3).Fill(8);
            table.ResetRow(3, key);
            Assert.Equal(filled.Row(key).ToArray(), table.Row(3).ToArray());
            Assert.Equal(filled.State(key).ToArray(), table.State(3).ToArray());
        }

        Assert.All(table.Row(2).ToArray(), v => Assert.Equal(0, v));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.ResetRow(100, 0));
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 0)]
    public void Constructor_EmptyTable_NamesTheTable(long rowCount, int width)
    {
        var error = Assert.Throws<ArgumentException>(() => new RowTable(new TableSpec("set/user", rowCount, width, Initializer.Zero), s_sgd, 1));

        Assert.Contains("'set/user'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_EveryOptimizer_LeavesNoMemory()
    {
        long left = OutstandingMemory.LeftBy(() =>
        {
            foreach (string name in SparseOptimizers.Names)
                new RowTable(new TableSpec("t", 100_000, 16, Initializer.Zero), SparseOptimizers.Create(name, new()), 1).Dispose();
        });

        Assert.Equal(0, left);
    }

    private static float[] All(RowTable table) => table.Floats(0, (int)table.Spec.RowCount).ToArray();
}
