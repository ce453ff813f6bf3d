namespace RecSys.Torch.Tests;

public sealed class TorchCreationTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Tensor_Data_IsCopied()
    {
        float[] data = [1, 2, 3, 4];
        Tensor x = torch.tensor(data, [2, 2]);
        data[0] = 9;
        TensorAssert.Equal([1, 2, 3, 4], x);
    }

    [Fact]
    public void Tensor_EachType_HasThatType()
    {
        Assert.Equal(ScalarType.Float32, torch.tensor([1f]).dtype);
        Assert.Equal(ScalarType.Float64, torch.tensor([1.0]).dtype);
        Assert.Equal(ScalarType.Int64, torch.tensor([1L]).dtype);
        Assert.Equal(ScalarType.Int32, torch.tensor([1]).dtype);
        Assert.Equal(ScalarType.Bool, torch.tensor([true]).dtype);
        Assert.Equal(ScalarType.Byte, torch.tensor([(byte)1]).dtype);
    }

    [Fact]
    public void Tensor_RawBytes_BecomeElements()
    {
        Tensor x = torch.tensor(BitConverter.GetBytes(2.5f), [1], torch.float32);
        Assert.Equal(2.5f, x.item<float>());
    }

    [Fact]
    public void Tensor_NoElements_IsEmpty()
    {
        Tensor x = torch.tensor(ReadOnlySpan<float>.Empty, [0, 3]);
        TensorAssert.Shape([0, 3], x);
        Assert.Equal(0, x.Data<float>().Length);
    }

    [Fact]
    public void Tensor_ShapeDoesNotFit_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => torch.tensor([1f, 2, 3], [2, 2]));
        Assert.Contains("[2, 2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Filled_Tensors_HaveTheirValues()
    {
        TensorAssert.Equal([0, 0], torch.zeros([2]));
        TensorAssert.Equal([1L, 1L], torch.ones([2], torch.int64));
        TensorAssert.Equal([2.5f, 2.5f], torch.full([2], 2.5));
        TensorAssert.Equal([1, 0, 0, 1], torch.eye(2));
        TensorAssert.Shape([2, 5], torch.empty([2, 5]));
        Tensor like = torch.ones([2, 3], torch.float64);
        Assert.Equal(0, torch.zeros_like(like).sum().item<double>());
        Assert.Equal(6, torch.ones_like(like).sum().item<double>());
        Assert.Equal(like.shape, torch.empty_like(like).shape);
    }

    [Fact]
    public void Arange_StartStopStep_ExcludesStop()
    {
        TensorAssert.Equal([0L, 1L, 2L], torch.arange(3));
        TensorAssert.Equal([2L, 5L], torch.arange(2, 8, 3));
        TensorAssert.Equal([0, 0.5f], torch.arange(0, 1, 0.5, torch.float32));
    }

    [Fact]
    public void TriangleIndices_Matrix_ListRowsAndColumns()
    {
        TensorAssert.Equal([0L, 0, 1, 1, 2, 2], torch.triu_indices(3, 3, 1));
        TensorAssert.Equal([1L, 2, 2, 0, 0, 1], torch.tril_indices(3, 3, -1));
    }
}
