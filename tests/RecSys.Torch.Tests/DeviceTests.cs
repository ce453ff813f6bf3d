namespace RecSys.Torch.Tests;

public sealed class DeviceTests
{
    [Theory]
    [InlineData("cpu", DeviceType.CPU, -1)]
    [InlineData("cuda", DeviceType.CUDA, -1)]
    [InlineData("cuda:1", DeviceType.CUDA, 1)]
    public void Parse_Name_RoundTrips(string text, DeviceType type, int index)
    {
        Device device = torch.device(text);
        Assert.Equal(new Device(type, index), device);
        Assert.Equal(text, device.ToString());
        Assert.Equal(device, Device.FromCode(device.Code));
    }

    [Fact]
    public void Parse_Auto_TakesCudaWhenPresent()
        => Assert.Equal(torch.cuda_is_available() ? Device.CUDA : Device.CPU, Device.Parse("auto"));

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("CPU")]
    public void Parse_OtherText_NamesValidOnes(string text)
    {
        var error = Assert.Throws<ArgumentException>(() => Device.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cuda:N", error.Message, StringComparison.Ordinal);
    }
}
