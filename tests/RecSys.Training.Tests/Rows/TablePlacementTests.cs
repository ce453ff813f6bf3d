using RecSys.Data.Configuration;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

public sealed class TablePlacementTests
{
    private static readonly TableSpec[] s_tables =
    [
        new("embedding/user", 100, 16, Initializer.Zero),
        new("embedding/item", 1000, 16, Initializer.Zero),
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

    [Fact]
    public void PlaceOf_NamesAndBeginnings_StayOnTheHost()
    {
        var placement = new TablePlacement(RunConfigs.Create("none", "train.host_tables=[embedding/item, linear/*]"), Device.CUDA);

        placement.Require(s_tables);

        Assert.Equal([TablePlace.Gpu, TablePlace.Host, TablePlace.Host], s_tables.Select(t => placement.PlaceOf(t.Name)));
        Assert.Equal(100 * (64 + 4), placement.GpuByteCount(s_tables, SparseOptimizers.Create("row_wise_adagrad", new SparseOptimizerOptions())));
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
