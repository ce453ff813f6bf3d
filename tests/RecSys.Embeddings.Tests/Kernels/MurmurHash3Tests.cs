using System.Buffers.Binary;
using System.Text;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class MurmurHash3Tests
{
    // The one of the widely published vectors that has eight bytes.
    [Fact]
    public void Hash_EightLetters_GivesThePublishedNumbers()
        => Assert.Equal((0x79F6305A386C572CUL, 0x46305AED3483B94EUL), MurmurHash3.Hash(BinaryPrimitives.ReadUInt64LittleEndian(Encoding.ASCII.GetBytes("hello wo")), 4));

    // From a second implementation, for keys of any length, that gives the published numbers for texts of 0, 4 … 9, 12 and 43 letters.
    [Theory]
    [InlineData(0UL, 0U, 0x28DF63B7CC57C3CBUL, 0xF2557DFCC4E8FE52UL)]
    [InlineData(1UL, 0U, 0x004403B7FB05C44AUL, 0x3D8ACDB4D36D9C06UL)]
    [InlineData(1UL, 8U, 0x85FA7376453BD91CUL, 0x48F7AD3167D9C5AAUL)]
    [InlineData(123_456_789UL, 8U, 0xC0D595103286B5D8UL, 0x21405F984BCA10C4UL)]
    [InlineData((1UL << 40) + 7, 1_234_567_890U, 0x50602D35947D2A4FUL, 0x7D5FA49EAE679DB7UL)]
    [InlineData((1UL << 63) - 1, uint.MaxValue, 0x31B6DB990C5D6906UL, 0xAE036F856BEC6969UL)]
    public void Hash_GoldenKeys_NeverChanges(ulong key, uint seed, ulong first, ulong second)
        => Assert.Equal((first, second), MurmurHash3.Hash(key, seed));
}
