using RecSys.Data.Configuration;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

public sealed class DeviceMemoryTests
{
    private static readonly TableSpec[] s_tables =
    [
        new("embedding/user", 1_000_000, 16, Initializer.Normal(0.1)),
        new("embedding/item", 20_000_000, 16, Initializer.Normal(0.1)) { Precision = RowPrecision.Parse("int8") },
    ];

    private static readonly SparseOptimizer s_optimizer = SparseOptimizers.Create("row_wise_adagrad", new SparseOptimizerOptions());

    private static readonly TrainConfig s_train = RunConfigs.Create("none", "train.device=cuda").Train;

    // 1e6 · (64 + 4) + 2e7 · (20 + 4) bytes.
    private const long Needed = 548_000_000;

    [Fact]
    public void Require_TooFewBytes_NamesTheLargestTableAndAllBytes()
    {
        var memory = new DeviceMemory(Device.CUDA, Needed + DeviceMemory.Reserve - 1, 2_000_000_000);

        var error = Assert.Throws<ConfigException>(() => memory.Require(s_tables, s_optimizer, s_train));

        Assert.Contains("train.device", error.Message, StringComparison.Ordinal);
        Assert.Contains("548,000,000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("table 'embedding/item': 400,000,000 bytes (0.4 GB) of rows [20000000 × 16] and 80,000,000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("1,621,741,823 bytes (1.62 GB) free of 2,000,000,000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_EnoughBytes_Passes()
        => new DeviceMemory(Device.CUDA, Needed + DeviceMemory.Reserve, 2_000_000_000).Require(s_tables, s_optimizer, s_train);
}
