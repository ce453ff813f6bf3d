using RecSys.Torch.Distributed;

namespace RecSys.Torch.Tests.Distributed;

public sealed class ProcessGroupOptionsTests
{
    [Fact]
    public void FromEnvironment_NothingSet_IsNull() => Assert.Null(Read(null, null, null, null));

    [Fact]
    public void FromEnvironment_EverythingSet_IsRead()
    {
        ProcessGroupOptions options = Read("2", "4", "node0", "29511")!;
        Assert.Equal((2, 4, "node0", 29511), (options.Rank, options.WorldSize, options.MasterAddress, options.MasterPort));
    }

    [Theory]
    [InlineData("0", "2", null, null, "MASTER_ADDR, MASTER_PORT: not set, but RANK, WORLD_SIZE is; valid: all of RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, or none")]
    [InlineData("", "2", "a", "1", "RANK: not set")]
    [InlineData("2", "2", "a", "1", "RANK is '2'; valid: a whole number, 0 to 1 (WORLD_SIZE is 2)")]
    [InlineData("x", "2", "a", "1", "RANK is 'x'; valid: a whole number, 0 to 1")]
    [InlineData("0", "0", "a", "1", "WORLD_SIZE is '0'; valid: a whole number, at least 1")]
    [InlineData("0", "1", "a", "70000", "MASTER_PORT is '70000'; valid: a whole number, 1 to 65535")]
    public void FromEnvironment_NotValid_NamesTheVariable(string? rank, string? worldSize, string? address, string? port, string expected)
        => Assert.Contains(expected, Assert.Throws<ArgumentException>(() => Read(rank, worldSize, address, port)).Message, StringComparison.Ordinal);

    // NCCL takes a GPU of its own for each process of a machine.
    [Theory]
    [InlineData("1", 0, ProcessGroupBackend.Gloo)]
    [InlineData(null, 1, ProcessGroupBackend.Nccl)]
    [InlineData("2", 1, ProcessGroupBackend.Gloo)]
    [InlineData("2", 2, ProcessGroupBackend.Nccl)]
    public void FromEnvironment_GpusWithNccl_ChooseTheBackend(string? localSize, int gpuCount, ProcessGroupBackend expected)
    {
        var device = new Device(DeviceType.CUDA, 1);
        var options = Read("2", "4", "node0", "29511", localSize, device, gpuCount)!;
        Assert.Equal((expected, device), (options.Backend, options.Device));
    }

    [Fact]
    public void FromEnvironment_LocalSizeIsNoNumber_NamesTheVariable()
        => Assert.Contains("LOCAL_WORLD_SIZE is 'x'; valid: a whole number, at least 1", Assert.Throws<ArgumentException>(() => Read("0", "1", "a", "1", "x")).Message, StringComparison.Ordinal);

    [Fact]
    public void Create_NcclWithoutANumberedGpu_IsRefused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => ProcessGroup.Create(new ProcessGroupOptions { Backend = ProcessGroupBackend.Nccl, Device = Device.CUDA }));
        Assert.Contains("cuda:N", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsAvailable_Gloo_IsTrueHere() => Assert.True(ProcessGroup.IsAvailable(ProcessGroupBackend.Gloo));

    private static ProcessGroupOptions? Read(
        string? rank, string? worldSize, string? address, string? port, string? localSize = null, Device? device = null, int gpuCount = 0)
    {
        var variables = new Dictionary<string, string?> { ["RANK"] = rank, ["WORLD_SIZE"] = worldSize, ["MASTER_ADDR"] = address, ["MASTER_PORT"] = port, ["LOCAL_WORLD_SIZE"] = localSize };
        return ProcessGroupOptions.FromEnvironment(name => variables[name], device ?? Device.CPU, gpuCount);
    }
}
