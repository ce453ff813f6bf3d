using System.Text;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

public sealed class SafetensorsWriterTests
{
    // What Python's safetensors reads: length of the header, JSON padded with spaces to 64 bytes, little-endian data.
    [Fact]
    public void Complete_TwoTensors_WritesExactlyTheFormat()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new SafetensorsWriter(folder.File("a.safetensors")))
        {
            writer.AddMetadata("format", "pt");
            writer.Declare("w", "F32", 1, 2);
            writer.Declare("n", "I64", 1);
            writer.Write<float>([1, -2]);
            writer.Write<long>([5]);
            writer.Complete();
        }

        const string Json = """{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}""";
        byte[] expected =
        [
            184, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(Json.PadRight(184)),
            0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 5, 0, 0, 0, 0, 0, 0, 0,
        ];
        Assert.Equal(expected, File.ReadAllBytes(folder.File("a.safetensors")));
    }

    [Fact]
    public void Dispose_BeforeComplete_LeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a"), "old");
        using (var writer = new SafetensorsWriter(folder.File("a")))
        {
            writer.Declare("w", "F32", 4);
            writer.Write<float>([1, 2]);
            Assert.Equal("old", File.ReadAllText(folder.File("a")));
        }

        Assert.Equal(["a"], folder.FileNames());
        Assert.Equal("old", File.ReadAllText(folder.File("a")));
    }

    // Linux's /dev/full takes no bytes: a disk without space. Data that fits the buffer fails when it is flushed, more fails earlier.
    [Theory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    public void Dispose_AfterTheDiskWasFull_LeavesNothing(int length)
    {
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder.File("a.tmp"), "/dev/full");
        var writer = new SafetensorsWriter(folder.File("a"));
        writer.Declare("w", "F32", length);

        Assert.Throws<IOException>(() =>
        {
            writer.Write<float>(new float[length]);
            writer.Complete();
        });
        writer.Dispose();

        Assert.Empty(folder.FileNames());
    }

    [Fact]
    public void Complete_TensorNotFull_SaysWhichAndHowMuchIsMissing()
    {
        using var folder = new TemporaryFolder();
        using var writer = new SafetensorsWriter(folder.File("a"));
        writer.Declare("first", "F32", 1);
        writer.Declare("second", "F32", 3);
        writer.Write<float>([1]);
        writer.Write<float>([2]);

        var error = Assert.Throws<InvalidOperationException>(writer.Complete);

        Assert.Equal("Tensor 'second' lacks 8 bytes.", error.Message);
    }

    [Fact]
    public void Write_MoreThanDeclared_Throws()
    {
        using var folder = new TemporaryFolder();
        using var writer = new SafetensorsWriter(folder.File("a"));
        writer.Declare("w", "F32", 1);

        Assert.Contains("'w' lacks 4 bytes, but 8", Assert.Throws<InvalidOperationException>(() => writer.Write<float>([1, 2])).Message, StringComparison.Ordinal);
        writer.Write<float>([1]);
        Assert.Throws<InvalidOperationException>(() => writer.Write<float>([1]));
        Assert.Throws<InvalidOperationException>(() => writer.Declare("x", "F32", 1));
    }

    [Fact]
    public void Declare_BadTensor_Throws()
    {
        using var folder = new TemporaryFolder();
        using var writer = new SafetensorsWriter(folder.File("a"));
        writer.Declare("w", "F32", 1);

        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => writer.Declare("w", "F32", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("__metadata__", Assert.Throws<ArgumentException>(() => writer.Declare("__metadata__", "F32", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("'F31'", Assert.Throws<ArgumentException>(() => writer.Declare("x", "F31", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("-2", Assert.Throws<ArgumentException>(() => writer.Declare("x", "F32", -2)).Message, StringComparison.Ordinal);
        Assert.Throws<OverflowException>(() => writer.Declare("x", "F32", long.MaxValue));
    }
}
