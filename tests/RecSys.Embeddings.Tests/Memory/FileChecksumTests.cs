using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

public sealed class FileChecksumTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public void Compute_FileOfAnyLength_EqualsTheHashOfItsBytes(int length)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(folder.File("data"), bytes);

        Assert.Equal(XxHash64.Compute(bytes), FileChecksum.Compute(folder.File("data")));
        Assert.Equal(XxHash64.Compute(bytes), FileChecksum.Compute(bytes));
    }
}
