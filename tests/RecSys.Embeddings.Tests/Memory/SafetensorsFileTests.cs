using System.Buffers.Binary;
using System.Text;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder.File("t.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_EveryType_GivesWhatWasWritten()
    {
        using (var writer = new SafetensorsWriter(FilePath))
        {
            writer.AddMetadata("step", "17");
            writer.Declare("odd bytes", "U8", 3);
            writer.Declare("f32", "F32", 2, 2);
            writer.Declare("f64", "F64", 1);
            writer.Declare("bf16", "BF16", 2);
            writer.Declare("i64", "I64");
            writer.Declare("i32", "I32", 2);
            writer.Declare("empty", "F32", 0, 16);
            writer.Write<byte>([1, 2, 3]);
            writer.Write<float>([1, 2]);
            writer.Write<float>([3, float.NaN]);
            writer.Write<double>([0.5]);
            writer.Write<ushort>([0x3F80, 0xC000]);
            writer.Write<long>([long.MinValue]);
            writer.Write<int>([-1, 7]);
            writer.Complete();
        }

        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Equal(["odd bytes", "f32", "f64", "bf16", "i64", "i32", "empty"], file.Tensors.Values.OrderBy(t => t.Start).Select(t => t.Name).ToArray().AsSpan());
        Assert.Equal(new Dictionary<string, string> { ["step"] = "17" }, file.Metadata);
        Assert.Equal([2, 2], file.Tensors["f32"].Shape);
        Assert.Equal([1, 2, 3], file.Read<byte>("odd bytes").ToArray());
        Assert.Equal([1, 2, 3, float.NaN], file.Read<float>("f32").ToArray());
        Assert.Equal([3], file.Read<float>(file.Tensors["f32"], 2, 1).ToArray());
        Assert.Equal([0.5], file.Read<double>("f64").ToArray());
        Assert.Equal([0x3F80, 0xC000], file.Read<ushort>(file.Tensors["bf16"], 0, 2).ToArray());
        Assert.Equal([long.MinValue], file.Read<long>("i64").ToArray());
        Assert.Equal([-1, 7], file.Read<int>("i32").ToArray());
        Assert.True(file.Read<float>("empty").IsEmpty);
        Assert.Equal(0, file.Tensors.Values.Min(t => t.Start) % 64);
    }

    [Fact]
    public void Read_WrongNameTypeOrPart_Throws()
    {
        WriteSmall();
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        AssertNamed("there is no tensor 'x'", Assert.Throws<InvalidDataException>(() => file.Read<float>("x").Length));
        AssertNamed("tensor 'w' has elements of type F32, not I32", Assert.Throws<InvalidDataException>(() => file.Read<int>("w").Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read<float>(file.Tensors["w"], 3, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read<float>(file.Tensors["w"], -1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read<float>(file.Tensors["w"], long.MaxValue, 1).Length);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read<float>("w").Length);
    }

    [Fact]
    public void Open_FileWithMoreThanTwoGigabytes_ReadsItsEnd()
    {
        // A hole in the file: three gigabytes of zeros that take no space on disk.
        const long Count = 800_000_000;
        byte[] header = Header($$$"""{"big":{"dtype":"F32","shape":[{{{Count}}}],"data_offsets":[0,{{{4 * Count}}}]}}""");
        using (var stream = new FileStream(FilePath, FileMode.CreateNew))
        {
            stream.Write(header);
            stream.SetLength(header.Length + (4 * Count));
            stream.Position = stream.Length - 4;
            stream.Write([0, 0, 0x80, 0x3F]);
        }

        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Equal([0, 1], file.Read<float>(file.Tensors["big"], Count - 2, 2).ToArray());
    }

    [Fact]
    public void Open_EveryTruncation_NamesTheFile()
    {
        WriteSmall();
        byte[] whole = File.ReadAllBytes(FilePath);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            var error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(FilePath));
            Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        }
    }

    // A flipped bit in the data is for the checksum to find; one in the header must never be more than a clear error.
    [Fact]
    public void Open_EveryFlippedBitOfTheHeader_OpensOrNamesTheFile()
    {
        WriteSmall();
        byte[] bytes = File.ReadAllBytes(FilePath);
        int errors = 0;
        for (int bit = 0; bit < 8 * (bytes.Length - 16); bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(FilePath, bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                SafetensorsFile.Open(FilePath).Dispose();
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(FilePath, e.Message, StringComparison.Ordinal);
                errors++;
            }
        }

        Assert.True(errors > 300);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}""", "tensor 'w' starts at 0 and has 12 bytes, but its shape needs 16")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}""", "tensor 'w' starts at byte")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}""", "tensor 'w' starts at -16")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"v":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "the one before it ends at")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "its tensors end at byte")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "size -4")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,16]}}""", "the header is damaged")]
    [InlineData("""{"w":{"dtype":"F33","shape":[4],"data_offsets":[0,16]}}""", "'F33' is unknown")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4]}}""", "the header is damaged")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0]}}""", "the header is damaged")]
    [InlineData("""{"w":{"dtype":"F32","shape":["4"],"data_offsets":[0,16]}}""", "the header is damaged")]
    [InlineData("""{"w":7}""", "the header is damaged")]
    [InlineData("""[1, 2]""", "the header is damaged")]
    [InlineData("""{"w":""", "the header is damaged")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "the header is damaged")]
    public void Open_BadHeader_NamesFileAndFault(string json, string fault)
    {
        File.WriteAllBytes(FilePath, [.. Header(json), .. new byte[16]]);

        AssertNamed(fault, Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(FilePath)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    public void Open_BadHeaderLength_NamesFileAndLength(long length)
    {
        byte[] bytes = new byte[100];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        File.WriteAllBytes(FilePath, bytes);

        AssertNamed($"the header length {length} does not fit a file of 100 bytes", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(FilePath)));
    }

    [Fact]
    public void Open_NoFile_SaysSo() => Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(FilePath));

    private void WriteSmall()
    {
        using var writer = new SafetensorsWriter(FilePath);
        writer.Declare("w", "F32", 2, 2);
        writer.Write<float>([1, 2, 3, 4]);
        writer.Complete();
    }

    private void AssertNamed(string fault, InvalidDataException error)
    {
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Header(string json)
    {
        byte[] header = new byte[8 + Encoding.UTF8.GetByteCount(json)];
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        Encoding.UTF8.GetBytes(json, header.AsSpan(8));
        return header;
    }
}
