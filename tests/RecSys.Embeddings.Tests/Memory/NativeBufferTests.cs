using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

[Collection(OutstandingMemory.Name)]
public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    public void Dispose_Twice_FreesOnce(long length)
    {
        long left = OutstandingMemory.LeftBy(() =>
        {
            var buffer = new NativeBuffer<float>(length);
            buffer.Dispose();
            buffer.Dispose();
        });

        Assert.Equal(0, left);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3_000_000)]
    public void OutstandingByteCount_WhileInUse_CountsTheBytes(long length)
    {
        long before = NativePages.OutstandingByteCount;
        using var buffer = new NativeBuffer<double>(length);

        Assert.Equal(8 * length, NativePages.OutstandingByteCount - before);
    }

    [Theory]
    [InlineData(1000, 64)]
    [InlineData(2_000_000, 2 << 20)]
    [InlineData(5_000_001, 2 << 20)]
    public unsafe void Memory_AtTheStart_IsAlignedAndZero(long length, long alignment)
    {
        using var first = new NativeBuffer<float>(length);
        using var second = new NativeBuffer<float>(length);

        Assert.Equal(0, (nint)first.Pointer % alignment);
        Assert.Equal(0, (nint)second.Pointer % alignment);
        Assert.False(second.Span(0, (int)length).ContainsAnyExcept(0f));
    }

    [Fact]
    public void Span_BeyondInt32Elements_AddressesEachPlace()
    {
        // 24 GB are reserved, and the pages of five places are used.
        using var buffer = new NativeBuffer<long>(3_000_000_000);
        long[] places = [0, 1, int.MaxValue, 2_147_483_648, 2_999_999_999];
        foreach (long place in places)
            buffer.Span(place, 1)[0] = place + 1;

        Assert.All(places, place => Assert.Equal(place + 1, buffer.Span(place, 1)[0]));
        Assert.Equal(0, buffer.Span(1_500_000_000, 1)[0]);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Span_OutsideOfTheBuffer_Throws(long start, int length)
    {
        using var buffer = new NativeBuffer<float>(10);

        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(start, length).Length);
        Assert.Equal(0, buffer.Span(10, 0).Length);
    }

    [Fact]
    public void Span_AfterDispose_Throws()
    {
        var buffer = new NativeBuffer<float>(10);
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.Span(0, 1).Length);
    }

    [Fact]
    public void Constructor_ImpossibleLength_ThrowsAndLeavesNothing()
    {
        long left = OutstandingMemory.LeftBy(() =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer<float>(-1));
            Assert.Throws<OverflowException>(() => new NativeBuffer<double>(long.MaxValue));
            Assert.Throws<OutOfMemoryException>(() => new NativeBuffer<byte>(1L << 60));
        });

        Assert.Equal(0, left);
    }
}
