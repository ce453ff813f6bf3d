namespace RecSys.Torch.Tests;

public sealed class TorchTests
{
    [Fact]
    public void SetNumThreads_Number_IsReadBack()
    {
        int before = torch.get_num_threads();
        torch.set_num_threads(1);
        Assert.Equal(1, torch.get_num_threads());
        torch.set_num_threads(before);
        Assert.Equal(before, torch.get_num_threads());
    }

    [Fact]
    public void SetNumThreads_Zero_Throws()
        => Assert.Throws<ArgumentOutOfRangeException>(() => torch.set_num_threads(0));

    [Fact]
    public void CudaIsAvailable_AgreesWithDeviceCount()
        => Assert.Equal(torch.cuda_device_count() > 0, torch.cuda_is_available());
}
