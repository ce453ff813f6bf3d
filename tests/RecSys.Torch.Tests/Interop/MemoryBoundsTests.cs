using RecSys.Torch.Interop;

namespace RecSys.Torch.Tests.Interop;

public sealed class MemoryBoundsTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void Copy_WholeLines_CopiesAll(bool bypassCache, int threads)
    {
        using var target = new RecSys.Embeddings.Memory.NativeBuffer<float>(16 * 6);
        float[] source = [.. Enumerable.Range(0, 16 * 6).Select(i => (float)i)];

        double seconds = MemoryBounds.Copy(source, target.Span(0, source.Length), bypassCache, threads);

        Assert.True(seconds >= 0);
        Assert.Equal(source, target.Span(0, source.Length).ToArray());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(64)]
    [InlineData(100)]
    public void UpdateRows_WithGradients_AddsThemAsIntegersAndKeepsTheStates(int rowBytes)
    {
        int width = rowBytes / sizeof(int);
        int[] table = [.. Enumerable.Range(0, 7 * width)];
        float[] states = [.. Enumerable.Range(0, 7 * 9).Select(i => i * 0.5f)];
        float[] gradients = [.. Enumerable.Range(0, 3 * width).Select(i => BitConverter.Int32BitsToSingle(100 + i))];
        int[] expected = [.. table];
        long[] rows = [5, 0, 3];
        for (int i = 0; i < gradients.Length; i++)
            expected[(rows[i / width] * width) + (i % width)] += 100 + i;
        float[] statesBefore = [.. states];

        Assert.True(MemoryBounds.UpdateRows(table.AsSpan(), rowBytes, states, 9 * sizeof(float), gradients, rows, 2, 2) >= 0);
        Assert.True(MemoryBounds.UpdateRows(table.AsSpan(), rowBytes, [], 0, [], rows, 1, 1) >= 0);

        Assert.Equal(expected, table);
        Assert.Equal(statesBefore, states);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(77)]
    public void ReadRows_AnySize_TakesTime(int rowBytes)
        => Assert.True(MemoryBounds.ReadRows<byte>(new byte[5 * rowBytes], rowBytes, [4, 0, 2, 4], 2, 2) >= 0);

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(77)]
    public void GatherRows_AnySize_CopiesTheRows(int rowBytes)
    {
        byte[] table = new byte[5 * rowBytes];
        new Random(rowBytes).NextBytes(table);
        byte[] rows = new byte[4 * rowBytes];

        Assert.True(MemoryBounds.GatherRows<byte>(rows, table, rowBytes, [4, 0, 2, 4], 2, 2) >= 0);

        Assert.Equal([.. ((int[])[4, 0, 2, 4]).SelectMany(r => table.AsSpan(r * rowBytes, rowBytes).ToArray())], rows);
    }

    [Fact]
    public void AnyBound_WrongRowsOrSizes_IsAnError()
    {
        float[] table = new float[8];
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBounds.ReadRows<float>(table, 16, [2], 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBounds.ReadRows<float>(table, 0, [0], 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBounds.ReadRows<float>(table, 16, [0], 1, 0));
        Assert.Throws<ArgumentException>(() => MemoryBounds.GatherRows<float>(new float[5], table, 16, [1], 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBounds.UpdateRows<float>(table, 16, new float[1], 4, [], [1], 1, 1));
        Assert.Throws<ArgumentException>(() => MemoryBounds.UpdateRows<float>(table, 16, [], 0, new float[3], [1], 1, 1));
        Assert.Throws<ArgumentException>(() => MemoryBounds.Copy(table, new float[7], false, 1));
    }
}
