using RecSys.Embeddings.Memory;
using RecSys.Torch.Modules;
using RecSys.Torch.Optim;

namespace RecSys.Torch.Tests;

public sealed class TensorFileTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    public void Dispose()
    {
        File.Delete(_path);
        _scope.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void Write_EachType_ReadsBackEqual(ScalarType dtype)
    {
        Tensor tensor = torch.tensor([0f, 1, 2, 3, 4, 5], [2, 3]).to(dtype).t();
        TensorFile.Write(_path, new Dictionary<string, Tensor> { ["a.b"] = tensor });
        Tensor read = TensorFile.Read(_path)["a.b"];
        Assert.Equal(dtype, read.dtype);
        TensorAssert.Shape([3, 2], read);
        Assert.True(read.eq(tensor).all().item<bool>());
    }

    [Fact]
    public void Write_ModelAndOptimizer_LoadIntoOthers()
    {
        using Linear model = torch.nn.Linear(3, 2);
        using Adam optimizer = torch.optim.Adam(model.named_parameters(), 0.25);
        model.forward(torch.randn([4, 3])).sum().backward();
        optimizer.step();
        using Linear other = torch.nn.Linear(3, 2);
        using Adam otherOptimizer = torch.optim.Adam(other.named_parameters());

        TensorFile.Write(_path, model.state_dict());
        other.load_state_dict(TensorFile.Read(_path));
        TensorFile.Write(_path, optimizer.state_dict());
        otherOptimizer.load_state_dict(TensorFile.Read(_path));

        Assert.Equal(model.weight.detach().ToArray<float>(), other.weight.detach().ToArray<float>());
        Assert.Equal(0.25, otherOptimizer.LearningRate);
        TensorAssert.Equal([1, 1], otherOptimizer.state_dict()["step"]);
    }

    [Fact]
    public void Write_OtherElementType_NamesFileTensorAndTypeAndKeepsTheOldFile()
    {
        TensorFile.Write(_path, new Dictionary<string, Tensor> { ["old"] = torch.ones([2]) });

        const ScalarType Half = (ScalarType)5;
        var error = Assert.Throws<NotSupportedException>(
            () => TensorFile.Write(_path, new Dictionary<string, Tensor> { ["wide"] = torch.ones([2]), ["half"] = torch.ones([2]).to(Half) }));

        Assert.Contains($"{_path}: tensor 'half' has elements of type 5", error.Message, StringComparison.Ordinal);
        TensorAssert.Equal([1, 1], TensorFile.Read(_path)["old"]);
    }

    [Fact]
    public void Read_OtherElementType_NamesFileTensorAndType()
    {
        using (SafetensorsWriter writer = new(_path))
        {
            writer.Declare("half", "F16", 1);
            writer.Write<byte>([0, 0]);
            writer.Complete();
        }

        var error = Assert.Throws<InvalidDataException>(() => TensorFile.Read(_path));
        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
        Assert.Contains("'half' has elements of type F16", error.Message, StringComparison.Ordinal);
    }
}
