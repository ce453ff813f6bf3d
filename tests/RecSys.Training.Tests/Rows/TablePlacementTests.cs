using RecSys.Data.Configuration;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

public sealed class TablePlacementTests
{
    private static readonly TableSpec[] s_tables =
    [
        new("embedding/user", 100, 16, Initializer.Zero),
        new("embedding/item", 100_000, 16, Initializer.Zero),
        new("linear/user", 100, 1, Initializer.Zero),
    ];

    [Theory]
    [InlineData("cuda", TablePlace.Gpu)]
    [InlineData("cuda:3", TablePlace.Gpu)]
    [InlineData("cpu", TablePlace.Host)]
    [InlineData("cuda", TablePlace.Host, "sparse_optimizer.batch_aware_l2=0.1")]
    [InlineData("cuda", TablePlace.Cluster, "cluster.nodes={a: 'http://localhost:1'}")]
    [InlineData("cpu", TablePlace.Cluster, "cluster.nodes={a: 'http://localhost:1'}")]
    public void Rest_DeviceAndNodes_DecideIt(string device, TablePlace expected, params string[] overrides)
        => Assert.Equal(expected, new TablePlacement(RunConfigs.Create("none", overrides), Device.Parse(device)).Rest);

    [Theory]
    [InlineData("0", TablePlace.Host, null, null)]
    [InlineData("0.05", TablePlace.CachedHost, 5000L, 100L)]
    [InlineData("0.001", TablePlace.CachedHost, 1024L, 100L)]
    public void PlaceOf_NamesAndBeginnings_StayOnTheHost(string share, TablePlace expected, long? cachedItems, long? cachedWeights)
    {
        var placement = new TablePlacement(RunConfigs.Create("none", "train.host_tables=[embedding/item, linear/*]", $"train.cache_load_factor={share}"), Device.CUDA);

        placement.Require(s_tables);

        Assert.Equal([TablePlace.Gpu, expected, expected], s_tables.Select(placement.PlaceOf));
        Assert.Equal(new long?[] { 100, cachedItems, cachedWeights }.Where(c => c is not null), placement.OnGpu(s_tables).Select(t => (long?)t.RowCount));
    }

    [Fact]
    public void CachedRows_TableWithAMask_AreNone()
    {
        using var bits = new PackedArray(1600, 1);
        using var mask = new RowMask(bits);
        var placement = new TablePlacement(RunConfigs.Create("none", "train.host_tables=[embedding/*]"), Device.CUDA);

        Assert.Equal(0, placement.CachedRows(s_tables[0] with { Mask = mask }));
        Assert.Equal(20_000, placement.CachedRows(s_tables[1]));
    }

    [Theory]
    [InlineData("embedding/use")]
    [InlineData("other/*")]
    public void Require_NoSuchTable_NamesTheValidOnes(string pattern)
    {
        var placement = new TablePlacement(RunConfigs.Create("none", $"train.host_tables=[{pattern}]"), Device.CUDA);

        var error = Assert.Throws<ConfigException>(() => placement.Require(s_tables));

        Assert.Contains($"train.host_tables: there is no table '{pattern}'; valid: embedding/user, embedding/item, linear/user", error.Message, StringComparison.Ordinal);
    }
}
