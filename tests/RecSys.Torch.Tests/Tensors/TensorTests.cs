namespace RecSys.Torch.Tests;

public sealed class TensorTests
{
    [Fact]
    public void Shape_NewTensor_IsWhatWasAsked()
    {
        using Tensor tensor = torch.zeros([2, 3, 4], torch.int64);
        Assert.Equal([2, 3, 4], tensor.shape);
        Assert.Equal(24, tensor.numel);
        Assert.Equal(3, tensor.dim);
        Assert.Equal(ScalarType.Int64, tensor.dtype);
        Assert.Equal(DeviceType.CPU, tensor.device.Type);
        Assert.Equal(4, tensor.size(-1));
        Assert.Equal("tensor [2, 3, 4] Int64 cpu", tensor.ToString());
    }

    [Fact]
    public void IsContiguous_Transpose_IsFalse()
    {
        using Tensor tensor = torch.zeros([2, 3]);
        using Tensor transposed = tensor.t();
        Assert.True(tensor.is_contiguous);
        Assert.False(transposed.is_contiguous);
    }

    [Fact]
    public void Dispose_ThenUse_Throws()
    {
        Tensor tensor = torch.zeros([2]);
        tensor.Dispose();
        tensor.Dispose();
        Assert.True(tensor.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => tensor.shape);
        Assert.Throws<ObjectDisposedException>(() => tensor + 1);
        Assert.Equal("disposed tensor", tensor.ToString());
    }

    [Fact]
    public void LiveCount_NewAndDisposed_RisesAndFalls()
    {
        LiveTensors.Settle();
        long before = Tensor.LiveCount;
        Tensor tensor = torch.zeros([2]);
        Tensor view = tensor.view(2, 1);
        Assert.Equal(before + 2, Tensor.LiveCount);
        tensor.Dispose();
        view.Dispose();
        Assert.Equal(before, Tensor.LiveCount);
    }
}
