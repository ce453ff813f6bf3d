using System.Runtime.InteropServices;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Tables;

[Collection(OutstandingMemory.Name)]
public sealed class QuantizedTableTests
{
    private const int RowCount = 70;
    private const int HeaderByteCount = 8;

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void Gather_AllWidths_EqualsTheDefinition(int bits)
    {
        for (int width = 1; width <= 67; width++)
        {
            using var table = new QuantizedTable(RowCount, width, bits);
            Fill(table);
            long[] rows = [.. Enumerable.Range(0, 2 * RowCount).Select(i => (long)(i * 31 % RowCount))];
            float[] actual = new float[rows.Length * width];

            table.Gather(rows, actual);

            for (int i = 0; i < actual.Length; i++)
                Assert.Equal(Decoded(table, rows[i / width], i % width), actual[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(8, 255)]
    [InlineData(4, 15)]
    public void SetRow_AnyNumbers_ComeBackWithinHalfAStep(int bits, int steps)
    {
        const int Width = 33;
        using var table = new QuantizedTable(1, Width, bits);
        float[] values = Numbers(Width, 5);
        float[] actual = new float[Width];

        table.SetRow(0, values);
        table.Gather([0], actual);

        float half = (values.Max() - values.Min()) / steps / 2;
        for (int j = 0; j < Width; j++)
            Assert.Equal(values[j], actual[j], half * 1.001f);
        Assert.Equal(values.Min(), actual.Min());
        Assert.Equal(values.Max(), actual.Max(), 1e-6f);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void SetRow_EqualNumbers_ComeBackExactly(int bits)
    {
        using var table = new QuantizedTable(1, 5, bits);
        float[] actual = new float[5];

        table.SetRow(0, [0.3f, 0.3f, 0.3f, 0.3f, 0.3f]);
        table.Gather([0], actual);

        Assert.All(actual, value => Assert.Equal(0.3f, value));
    }

    [Theory]
    [InlineData(8, 16, 24)]
    [InlineData(4, 16, 16)]
    [InlineData(4, 13, 15)]
    public void RowByteCount_AnyWidth_CountsCodesScaleAndOffset(int bits, int width, int expected)
    {
        using var table = new QuantizedTable(3, width, bits);

        Assert.Equal(expected, table.RowByteCount);
        Assert.Equal(3 * expected, table.Bytes.Length);
    }

    [Fact]
    public void Gather_WrongRowOrRoom_IsAnError()
    {
        using var table = new QuantizedTable(3, 4, 8);
        using var halves = new QuantizedTable(3, 4, 4);

        Assert.Throws<ArgumentOutOfRangeException>(() => table.Gather([3], new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => halves.Gather([-1], new float[4]));
        Assert.Throws<ArgumentException>(() => table.Gather([0, 1], new float[7]));
        Assert.Throws<ArgumentException>(() => halves.Gather([0, 1], new float[7]));
        Assert.Throws<ArgumentException>(() => table.SetRow(0, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.SetRow(3, new float[4]));
    }

    [Theory]
    [InlineData(0, 1, 8)]
    [InlineData(1, 0, 8)]
    [InlineData(1, 1, 2)]
    public void Create_WrongShape_IsAnError(long rows, int width, int bits)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new QuantizedTable(rows, width, bits));

    [Fact]
    public void Dispose_ATable_FreesItsMemory()
        => Assert.Equal(0, OutstandingMemory.LeftBy(() => new QuantizedTable(1000, 16, 4).Dispose()));

    private static void Fill(QuantizedTable table)
    {
        for (int row = 0; row < RowCount; row++)
            table.SetRow(row, Numbers(table.Width, row));
    }

    private static float Decoded(QuantizedTable table, long row, int column)
    {
        ReadOnlySpan<byte> bytes = table.Bytes.Span(row * table.RowByteCount, table.RowByteCount);
        ReadOnlySpan<byte> codes = bytes[HeaderByteCount..];
        int half = (table.Width + 1) / 2;
        int code = table.Bits == 8 ? codes[column] : column < half ? codes[column] & 15 : codes[column - half] >> 4;
        return MemoryMarshal.Read<float>(bytes[sizeof(float)..]) + (MemoryMarshal.Read<float>(bytes) * code);
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 0.7f)];
    }
}
