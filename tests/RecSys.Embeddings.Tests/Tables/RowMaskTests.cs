using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Tables;

public sealed class RowMaskTests
{
    // Rows begin anywhere in a word of the mask, and may be longer than one.
    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(7, 0.5)]
    [InlineData(16, 0.1)]
    [InlineData(63, 0.5)]
    [InlineData(64, 0.9)]
    [InlineData(65, 0.5)]
    [InlineData(130, 0.05)]
    [InlineData(16, 0)]
    [InlineData(16, 1)]
    public void WriteRow_AndReadRow_KeepTheNumbersOfTheMask(int width, double share)
    {
        const int RowCount = 50;
        var random = new Random(width);
        using var bits = new PackedArray((long)RowCount * width, bits: 1);
        for (long place = 0; place < bits.Length; place++)
            bits[place] = random.NextDouble() < share ? 1u : 0;
        using var mask = new RowMask(bits);
        using var table = new RowTable(new TableSpec("t", RowCount, width, Initializer.Zero) { Mask = mask }, new Sgd(new SparseOptimizerOptions()), seed: 1);
        float[][] rows = [.. Enumerable.Range(0, RowCount).Select(_ => Enumerable.Range(0, width).Select(_ => random.NextSingle() + 1).ToArray())];

        for (int row = 0; row < RowCount; row++)
            table.WriteRow(row, rows[row]);

        Assert.Equal(Enumerable.Range(0, (int)bits.Length).Count(place => bits[place] == 1), mask.Count);
        Assert.Equal(mask.Count * sizeof(float), table.Rows.ByteCount);
        float[] read = new float[width];
        for (int row = 0; row < RowCount; row++)
        {
            Array.Fill(read, float.NaN);
            table.ReadRow(row, read);
            for (int j = 0; j < width; j++)
                Assert.Equal(bits[((long)row * width) + j] == 1 ? rows[row][j] : 0, read[j]);
        }
    }
}
