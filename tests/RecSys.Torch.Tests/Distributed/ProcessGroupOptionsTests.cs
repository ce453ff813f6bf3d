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

    private static ProcessGroupOptions? Read(string? rank, string? worldSize, string? address, string? port)
    {
        var variables = new Dictionary<string, string?> { ["RANK"] = rank, ["WORLD_SIZE"] = worldSize, ["MASTER_ADDR"] = address, ["MASTER_PORT"] = port };
        return ProcessGroupOptions.FromEnvironment(name => variables[name]);
    }
}
