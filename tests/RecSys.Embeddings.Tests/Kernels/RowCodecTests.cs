using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>Rows of every precision: what is read from their bytes, and what writing does to a number.</summary>
public sealed class RowCodecTests
{
    private const int RowCount = 70;

    public static TheoryData<string, string> Precisions
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string name in RowPrecision.Names.Skip(1))
            {
                foreach (string scale in RowPrecision.Parse(name).IsInteger ? RowPrecision.ScaleNames : ["row"])
                    data.Add(name, scale);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Gather_AllWidths_EqualsTheDefinition(string name, string scale)
    {
        for (int width = 1; width <= 67; width++)
        {
            using RowTable table = Filled(Precision(name, scale), width);
            long[] rows = [.. Enumerable.Range(0, 2 * RowCount).Select(i => (long)(i * 31 % RowCount))];
            float[] placed = new float[rows.Length * width];
            float[] added = [.. Enumerable.Repeat(2f, placed.Length)];
            float[] multiplied = [.. added];

            EmbeddingKernels.Gather(RowStep.Place, table.Memory, rows, rows.Length, placed, width);
            EmbeddingKernels.Gather(RowStep.Add, table.Memory, rows, rows.Length, added, width);
            EmbeddingKernels.Gather(RowStep.Multiply, table.Memory, rows, rows.Length, multiplied, width);

            for (int i = 0; i < placed.Length; i++)
            {
                float expected = Decoded(table, rows[i / width], i % width);
                Assert.Equal(expected, placed[i], 1e-6f);
                Assert.Equal(2 + placed[i], added[i]);
                Assert.Equal(2 * placed[i], multiplied[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void WriteRow_AnyNumbers_ComeBackWithinHalfAStep(string name, string scale)
    {
        RowPrecision precision = Precision(name, scale);
        float[] values = Numbers(33, 5);
        using RowTable table = Table(precision, 33);
        float[] actual = new float[33];

        table.WriteRow(1, values);
        table.ReadRow(1, actual);

        for (int j = 0; j < values.Length; j++)
            Assert.InRange(Math.Abs(Clip(precision, values[j]) - actual[j]), 0, HalfStep(precision, values, values[j]));
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void WriteRow_Zeros_ComeBackExactly(string name, string scale)
    {
        using RowTable table = Table(Precision(name, scale), 5);
        float[] actual = [1, 1, 1, 1, 1];

        table.WriteRow(0, new float[5]);
        table.ReadRow(0, actual);

        Assert.All(actual, value => Assert.Equal(0, value));
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Write_Stochastic_HasTheNumberAsItsMean(string name, string scale)
    {
        const int Draws = 100_000;
        const int Width = 6;
        RowPrecision precision = Precision(name, scale);
        float[] values = [-0.61f, -0.0003f, 0.00001f, 0.2517f, 0.5001f, 0.61f];
        using RowTable table = Table(precision, Width);
        double[] sums = new double[Width];
        float[] actual = new float[Width];

        for (int draw = 0; draw < Draws; draw++)
        {
            table.Write(2, values, precision.Step, RowRounding.Stochastic(123, draw));
            table.ReadRow(2, actual);
            for (int j = 0; j < Width; j++)
                sums[j] += actual[j];
        }

        for (int j = 0; j < Width; j++)
        {
            // A number between two that can be kept, a step apart, has a standard deviation of at most half a step.
            double deviation = HalfStep(precision, values, values[j]) / Math.Sqrt(Draws);
            Assert.Equal(Clip(precision, values[j]), sums[j] / Draws, (4 * deviation) + 1e-7);
        }
    }

    [Theory]
    [InlineData("int8", true, 0.5)]
    [InlineData("int8", false, 0)]
    [InlineData("bf16", true, 0.5)]
    [InlineData("fp16", true, 0.5)]
    public void Update_StepsFarBelowTheDistanceOfTwoCodes_MoveTheMeanOnlyIfStochastic(string name, bool isStochastic, double expected)
    {
        RowPrecision precision = Precision(name, "fixed") with { IsStochastic = isStochastic };
        using RowTable table = Table(precision, 16);
        SparseOptimizer sgd = SparseOptimizers.Create("sgd", new() { LearningRate = 1 });
        long[] rows = [.. Enumerable.Range(0, RowCount)];
        foreach (long row in rows)
            table.WriteRow(row, new float[16]);
        float[] gradients = [.. Enumerable.Repeat(-0.0005f, RowCount * 16)];

        for (int step = 0; step < 1000; step++)
        {
            sgd.BeginStep();
            sgd.Update(table, rows, gradients);
        }

        float[] values = new float[RowCount * 16];
        EmbeddingKernels.Gather(table.Memory, rows, values);
        Assert.Equal(expected, values.Average(), 0.02);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Update_EveryOptimizer_IsThatOfFp32RoundedOnce(string name, string scale)
    {
        RowPrecision precision = Precision(name, scale);
        foreach (string optimizer in SparseOptimizers.Names)
        {
            using RowTable coded = Filled(precision, 13, optimizer);
            using RowTable exact = Table(RowPrecision.Fp32, 13, optimizer);
            SparseOptimizer rule = SparseOptimizers.Create(optimizer, new());
            long[] rows = [3, 69, 0, 41, .. Enumerable.Range(4, 33)];
            float[] gradients = Numbers(rows.Length * 13, 8);
            foreach (long row in rows)
                coded.ReadRow(row, exact.Row(row));

            rule.BeginStep();
            rule.Update(coded, rows, gradients);
            rule.Update(exact, rows, gradients);

            float[] actual = new float[13];
            foreach (long row in rows)
            {
                Assert.Equal(exact.State(row).ToArray(), coded.State(row).ToArray());
                coded.ReadRow(row, actual);
                float[] expected = exact.Row(row).ToArray();
                for (int j = 0; j < actual.Length; j++)
                    Assert.InRange(Math.Abs(Clip(precision, expected[j]) - actual[j]), 0, 2.1 * HalfStep(precision, expected, expected[j]));
            }
        }
    }

    [Fact]
    public void Update_LearnedStep_FollowsItsGradient()
    {
        RowPrecision precision = Precision("int8", "learned") with { StepLearningRate = 0.1f };
        using RowTable table = Table(precision, 3);
        table.WriteRow(0, [0.1f, -0.2f, 3f]);
        SparseOptimizer sgd = SparseOptimizers.Create("sgd", new() { LearningRate = 0.1 });
        float[] gradient = [0.04f, -0.03f, 0.5f];
        float[] before = new float[3];
        table.ReadRow(0, before);

        sgd.BeginStep();
        sgd.Update(table, [0], gradient);

        // 3 lies beyond 127 steps of 0.01: there the number is 127 steps, whatever the step.
        double[] updated = [.. before.Zip(gradient, (w, g) => w - (0.1 * g))];
        double[] slopes = [.. updated.Select(w => w / 0.01 >= 127 ? 127 : Math.Round(w / 0.01) - (w / 0.01))];
        double step = 0.01 - (0.1 * slopes.Zip(gradient, (s, g) => s * g).Sum() / Math.Sqrt(3 * 127));
        Assert.Equal(Math.Max(step, 1e-8), MemoryMarshal.Read<float>(table.Rows.Span(0, 4)), 1e-6);
    }

    [Theory]
    [InlineData("fp32", "row", 13, 52)]
    [InlineData("fp16", "row", 13, 26)]
    [InlineData("bf16", "row", 13, 26)]
    [InlineData("int8", "row", 16, 20)]
    [InlineData("int8", "fixed", 16, 16)]
    [InlineData("int4", "learned", 16, 12)]
    [InlineData("int4", "row", 13, 11)]
    [InlineData("int2", "row", 16, 8)]
    [InlineData("int2", "fixed", 13, 4)]
    public void RowByteCount_IsWhatIsAllocated(string name, string scale, int width, int expected)
    {
        using RowTable table = Table(Precision(name, scale), width);

        Assert.Equal(expected, table.Spec.RowByteCount);
        Assert.Equal(RowCount * expected, table.Rows.Length);
        Assert.Equal(table.Spec.ByteCount, table.Rows.Length);
    }

    [Fact]
    public void Create_FirstValues_AreThoseOfFp32Rounded()
    {
        foreach (string name in RowPrecision.Names)
        {
            using RowTable table = Table(RowPrecision.Parse(name), 16);
            using RowTable exact = Table(RowPrecision.Fp32, 16);
            float[] actual = new float[16];
            for (int row = 0; row < RowCount; row++)
            {
                table.ReadRow(row, actual);
                float[] expected = exact.Row(row).ToArray();
                for (int j = 0; j < actual.Length; j++)
                    Assert.InRange(Math.Abs(expected[j] - actual[j]), 0, HalfStep(table.Spec.Precision, expected, expected[j]));
            }
        }
    }

    [Fact]
    public void Row_OtherThanFp32_IsAnError()
    {
        using RowTable table = Table(Precision("int8", "learned"), 3);

        var error = Assert.Throws<InvalidOperationException>(() => table.Row(0).Length);

        Assert.Contains("'t' are kept as int8 (scale: learned)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadAndWriteRow_WrongRowOrRoom_IsAnError()
    {
        foreach (string name in RowPrecision.Names)
        {
            using RowTable table = Table(RowPrecision.Parse(name), 3);

            Assert.ThrowsAny<ArgumentException>(() => table.ReadRow(RowCount, new float[3]));
            Assert.ThrowsAny<ArgumentException>(() => table.ReadRow(-1, new float[3]));
            Assert.ThrowsAny<ArgumentException>(() => table.ReadRow(0, new float[2]));
            Assert.ThrowsAny<ArgumentException>(() => table.WriteRow(RowCount, new float[3]));
            Assert.ThrowsAny<ArgumentException>(() => table.WriteRow(-1, new float[3]));
            Assert.ThrowsAny<ArgumentException>(() => table.WriteRow(0, new float[2]));
        }
    }

    [Fact]
    public void Parse_UnknownName_NamesValidOnes()
    {
        var error = Assert.Throws<ArgumentException>(() => RowPrecision.Parse("int9"));

        Assert.Contains("did you mean 'int8'", error.Message, StringComparison.Ordinal);
        Assert.All(RowPrecision.Names, n => Assert.Contains(n, error.Message, StringComparison.Ordinal));
    }

    private static RowPrecision Precision(string name, string scale)
        => RowPrecision.Parse(name) with { Scale = (RowScale)RowPrecision.ScaleNames.ToList().IndexOf(scale) };

    private static RowTable Table(RowPrecision precision, int width, string optimizer = "sgd")
        => new(new TableSpec("t", RowCount, width, Initializer.Uniform(0.5)) { Precision = precision }, SparseOptimizers.Create(optimizer, new()), 1);

    private static RowTable Filled(RowPrecision precision, int width, string optimizer = "sgd")
    {
        RowTable table = Table(precision, width, optimizer);
        for (int row = 0; row < RowCount; row++)
            table.WriteRow(row, Numbers(width, row));
        return table;
    }

    // What the bytes of a row mean, one number at a time.
    private static float Decoded(RowTable table, long row, int column)
    {
        RowPrecision precision = table.Spec.Precision;
        ReadOnlySpan<byte> bytes = table.Rows.Span(row * table.Spec.RowByteCount, table.Spec.RowByteCount);
        if (precision.Format == RowFormat.Fp16)
            return (float)MemoryMarshal.Read<Half>(bytes[(2 * column)..]);
        if (precision.Format == RowFormat.Bf16)
            return BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Read<ushort>(bytes[(2 * column)..]) << 16);
        ReadOnlySpan<byte> codes = precision.Scale == RowScale.Fixed ? bytes : bytes[4..];
        int code = (codes[column % codes.Length] >> (column / codes.Length * precision.Bits)) & ((1 << precision.Bits) - 1);
        if (precision.Scale == RowScale.Row)
            return (float)MemoryMarshal.Read<Half>(bytes[2..]) + ((float)MemoryMarshal.Read<Half>(bytes) * code);
        float step = precision.Scale == RowScale.Fixed ? precision.Step : MemoryMarshal.Read<float>(bytes);
        return (code - (1 << (precision.Bits - 1))) * step;
    }

    private static float Clip(RowPrecision precision, float value)
        => precision.IsInteger && precision.Scale != RowScale.Row
            ? Math.Clamp(value, -(1 << (precision.Bits - 1)) * precision.Step, ((1 << (precision.Bits - 1)) - 1) * precision.Step)
            : value;

    // Half of the distance of the two numbers around a value that can be kept, and a little for the rounding of scales.
    private static double HalfStep(RowPrecision precision, float[] row, float value) => precision switch
    {
        { Format: RowFormat.Fp16 } => Math.Max(Math.Abs(value) / 2048, 1.0 / (1 << 25)),
        { Format: RowFormat.Bf16 } => Math.Abs(value) / 256,
        { Scale: RowScale.Row } => (row.Max() - row.Min() + 0.0005) / ((1 << precision.Bits) - 1) / 2 * 1.002,
        _ => precision.Step / 2 * 1.01,
    };

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 0.7f)];
    }
}
