namespace RecSys.Torch.Tests;

public sealed class TensorDataTests
{
    [Fact]
    public void Data_Write_ChangesTensor()
    {
        using Tensor tensor = torch.zeros([2, 2]);
        tensor.Data<float>()[3] = 5;
        TensorAssert.Equal([0, 0, 0, 5], tensor);
    }

    [Fact]
    public void Data_OtherType_Throws()
    {
        using Tensor tensor = torch.zeros([2]);
        var error = Assert.Throws<InvalidOperationException>(() => tensor.Data<double>().Length);
        Assert.Contains("Float32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_NotContiguous_Throws()
    {
        using Tensor tensor = torch.zeros([2, 3]);
        using Tensor transposed = tensor.t();
        var error = Assert.Throws<TorchException>(() => transposed.Data<float>().Length);
        Assert.Contains("contiguous", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_BFloat16AsUInt16_IsUpperHalfOfFloat()
    {
        using Tensor tensor = torch.tensor([1.5f]);
        using Tensor narrow = tensor.to(torch.bfloat16);
        Assert.Equal(BitConverter.SingleToUInt32Bits(1.5f) >> 16, narrow.Data<ushort>()[0]);
    }

    [Fact]
    public void ToArray_Transposed_IsRowMajor()
    {
        using Tensor tensor = torch.tensor([1f, 2, 3, 4, 5, 6], [2, 3]);
        using Tensor transposed = tensor.t();
        TensorAssert.Equal([1, 4, 2, 5, 3, 6], transposed);
    }

    [Fact]
    public void Item_EachType_GivesElement()
    {
        Assert.Equal(1.5f, torch.full([], 1.5).item<float>());
        Assert.Equal(1.5, torch.full([1, 1], 1.5, torch.float64).item<double>());
        Assert.Equal(7L, torch.full([], 7, torch.int64).item<long>());
        Assert.Equal(7, torch.full([], 7, torch.int32).item<int>());
        Assert.True(torch.full([], true, torch.@bool).item<bool>());
    }

    [Fact]
    public void Item_OtherTypeOrSeveralElements_Throws()
    {
        using Tensor tensor = torch.zeros([2]);
        using Tensor one = torch.zeros([]);
        Assert.Throws<TorchException>(() => tensor.item<float>());
        Assert.Throws<InvalidOperationException>(() => one.item<long>());
    }

    [Fact]
    public void To_Int64_TruncatesTowardsZero()
    {
        using Tensor tensor = torch.tensor([1.9f, -1.9f]);
        using Tensor whole = tensor.to(torch.int64);
        TensorAssert.Equal([1L, -1L], whole);
    }

    [Fact]
    public void To_SameDevice_SharesMemory()
    {
        using Tensor tensor = torch.zeros([1]);
        using Tensor same = tensor.to(torch.CPU);
        same.fill_(3);
        Assert.Equal(3, tensor.item<float>());
    }

    [Fact]
    public void Clone_ThenChange_LeavesOriginal()
    {
        using Tensor tensor = torch.zeros([1]);
        using Tensor copy = tensor.clone();
        copy.fill_(3);
        Assert.Equal(0, tensor.item<float>());
    }
}
