using RecSys.Cli.Bench;
using RecSys.Data;

namespace RecSys.Cli.Tests.Bench;

public sealed class PrepareBenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-bench-test-").FullName;

    [Fact]
    public void Prepare_GeneratedFile_HasEveryRowAndField()
    {
        var bench = new PrepareBench(_folder, 2000, 20_000);

        Assert.True(bench.Copy() > 0);
        Assert.True(bench.Prepare() > 0);
        var schema = DataSchema.Load(Path.Combine(_folder, "prepared"));
        Assert.Equal(2000, schema.RowCounts.Values.Sum());
        Assert.Equal(39, schema.EmbeddingFeatures.Count);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
