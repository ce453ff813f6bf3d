using System.Text;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

public sealed class XxHash64Tests
{
    // Published test vectors of XXH64 with seed 0.
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999UL)]
    [InlineData("a", 0xD24EC4F1A98C6E5BUL)]
    [InlineData("abc", 0x44BC2CF5AD770999UL)]
    [InlineData("asdf", 0x415872F599CEA71EUL)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1UL)]
    [InlineData("Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2E85470D6FD96UL)]
    public void Compute_PublishedVector_GivesThePublishedHash(string text, ulong expected)
        => Assert.Equal(expected, XxHash64.Compute(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Append_AnyCut_GivesTheHashOfTheWhole()
    {
        byte[] bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        var random = new Random(2);
        for (int round = 0; round < 300; round++)
        {
            byte[] part = bytes[..random.Next(bytes.Length)];
            var hash = new XxHash64();
            for (int done = 0; done < part.Length;)
            {
                int count = Math.Min(random.Next(100), part.Length - done);
                hash.Append(part.AsSpan(done, count));
                done += count;
                Assert.Equal(XxHash64.Compute(part.AsSpan(0, done)), hash.Hash);
            }
        }
    }

    [Fact]
    public void Compute_AnyFlippedBit_ChangesTheHash()
    {
        byte[] bytes = new byte[77];
        new Random(3).NextBytes(bytes);
        ulong before = XxHash64.Compute(bytes);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(before, XxHash64.Compute(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
