using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

[Collection(OutstandingMemory.Name)]
public sealed class PackedArrayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(31)]
    [InlineData(32)]
    public void Item_AnyBits_ReadsWhatWasWritten(int bits)
    {
        using var array = new PackedArray(1000, bits);
        var random = new Random(bits);
        uint[] numbers = [.. Enumerable.Range(0, 1000).Select(_ => (uint)random.NextInt64(1L << bits))];
        foreach (int i in Enumerable.Range(0, 1000).OrderBy(_ => random.Next()))
            array[i] = numbers[i];

        Assert.Equal(numbers, Enumerable.Range(0, 1000).Select(i => array[i]));
        Assert.Equal(((1000 * bits) + 63) / 64 * 8, array.ByteCount);
    }

    [Fact]
    public void HasSameNumbers_ComparesLengthBitsAndNumbers()
    {
        using var array = new PackedArray(100, bits: 5) { [70] = 9 };
        using var same = new PackedArray(100, bits: 5) { [70] = 9 };
        using var other = new PackedArray(100, bits: 5) { [70] = 8 };
        using var wider = new PackedArray(100, bits: 6);
        using var longer = new PackedArray(101, bits: 5) { [70] = 9 };

        Assert.True(array.HasSameNumbers(same));
        Assert.False(array.HasSameNumbers(other));
        Assert.False(array.HasSameNumbers(wider));
        Assert.False(array.HasSameNumbers(longer));
    }
}
