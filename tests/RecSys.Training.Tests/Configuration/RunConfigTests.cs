using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Torch;
using RecSys.Training.Configuration;

namespace RecSys.Training.Tests.Configuration;

[Collection(TinyCollection.Name)]
public sealed class RunConfigTests(TinyDataset tiny)
{
    [Theory]
    [InlineData("train.batch_sise=64", "batch_size")]
    [InlineData("model.hidden_unit=[8]", "hidden_units")]
    [InlineData("embeding.dimension=8", "embedding")]
    [InlineData("model.name=deepfn", "deepfm")]
    [InlineData("embedding.method.name=hsh", "hash")]
    [InlineData("embedding.method={name: hash, hashes: 2}", "function")]
    [InlineData("sparse_optimizer.name=adagrat", "adagrad")]
    [InlineData("sparse_optimizer.learning_rat=1", "learning_rate")]
    [InlineData("sparse_optimizer.learning_rate=-1", "above 0")]
    [InlineData("embedding.method.budget=2", "fraction")]
    [InlineData("embedding.precision=int9", "int8")]
    [InlineData("embedding.precision={name: int8, scal: fixed}", "scale")]
    [InlineData("embedding.precision={name: int8, scale: rows}", "row, fixed, learned")]
    [InlineData("embedding.precision={name: bf16, scale: fixed}", "rounding")]
    [InlineData("train.epochs=0", "1 …")]
    [InlineData("cluster.buckets=100", "1, 2, 4")]
    [InlineData("cluster.nodes={a: 'ftp://host'}", "http://HOST:PORT")]
    [InlineData("cluster={nodes: {a: 'http://h:1'}, copies: {a: 'http://h:2'}}", "nodes of their own")]
    [InlineData("cluster={nodes: {a: 'http://h:1'}, pins: {b: '3'}}", "valid: a")]
    [InlineData("cluster={nodes: {a: 'http://h:1'}, pins: {a: '250-256'}}", "buckets 0 … 255")]
    [InlineData("cluster={nodes: {a: 'http://h:1'}, pins: {a: '7-3'}}", "buckets 0 … 255")]
    [InlineData("cluster={nodes: {a: 'http://h:1'}, pins: {a: '3, x'}}", "buckets 0 … 255")]
    [InlineData("cluster={nodes: {a: 'http://h:1', b: 'http://h:2'}, pins: {a: 0-9, b: '9'}}", "bucket 9 is pinned twice")]
    public void Create_WrongKeyOrValue_NamesWhatIsValid(string setting, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => CtrNetwork.Create(RunConfigs.Create(tiny, setting), tiny.Open().Schema));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Connect_FilesThatHoldNothing_AreRefused()
    {
        string folder = tiny.NewFolder();
        string empty = Path.Combine(folder, "empty");
        File.WriteAllText(empty, "");
        foreach (string file in new[] { empty, Path.Combine(folder, "missing") })
        {
            foreach (string key in new[] { "api_key_file", "certificate_file" })
            {
                var cluster = RunConfigs.Create(tiny, $"cluster={{nodes: {{a: 'https://h:1'}}, {key}: '{file}'}}").Cluster;
                Assert.Contains($"cluster.{key}", Assert.Throws<ConfigException>(() => cluster.Connect()).Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Pins_RangesAndNumbers_NameTheNode()
    {
        var pins = RunConfigs.Create(tiny, "cluster={nodes: {a: 'http://h:1', b: 'http://h:2'}, pins: {a: '0-2, 9', b: '3'}}").Cluster.Pins;

        Assert.Equal([(0, "a"), (1, "a"), (2, "a"), (3, "b"), (9, "a")], pins.OrderBy(p => p.Key).Select(p => (p.Key, p.Value)));
    }

    [Fact]
    public void Create_SizedForAnotherPrecision_HasTheRowsOfThat()
    {
        var schema = tiny.Open().Schema;
        using var trained = CtrNetwork.Create(RunConfigs.Create(tiny, "embedding.method={name: hash, budget: 0.5}", "embedding.dimension=8"), schema);
        using var coded = CtrNetwork.Create(RunConfigs.Create(tiny, "embedding.method={name: hash, budget: 0.5}", "embedding.dimension=8", "embedding.precision={name: int4, sized_for: fp32}"), schema);

        Assert.Equal(trained.Embeddings.Tables.Select(t => (t.Name, t.RowCount, t.Width)), coded.Embeddings.Tables.Select(t => (t.Name, t.RowCount, t.Width)));
        Assert.Equal(trained.Embeddings.Tables.Sum(t => t.RowCount * (t.Width == 8 ? 8 : 4)), coded.Embeddings.Tables.Sum(t => t.ByteCount));
    }

    [Fact]
    public void Create_SizedForAnotherPrecisionBeforeTraining_IsRefusedWherePhasesFollow()
    {
        var config = RunConfigs.Create(tiny, "embedding.method={name: dedup, budget: 0.5}", "embedding.precision={name: int8, sized_for: fp32}");

        Assert.Contains("last phase", Assert.Throws<ConfigException>(() => CtrNetwork.Create(config, tiny.Open().Schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_BudgetTooSmall_StatesTheSmallestThatThenWorks()
    {
        var schema = tiny.Open().Schema;
        var refused = Assert.Throws<ConfigException>(() => CtrNetwork.Create(RunConfigs.Create(tiny, "embedding.method={name: qr, budget: 10B}"), schema));
        var error = Assert.IsType<BudgetException>(refused.InnerException);

        using var network = CtrNetwork.Create(RunConfigs.Create(tiny, $"embedding.method={{name: qr, budget: {error.SmallestByteCount}B}}"), schema);
        Assert.Contains(error.SmallestByteCount.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_MethodsOfSingleFieldsAndSets_AreUsed()
    {
        var config = RunConfigs.Create(
            tiny,
            "embedding.method={name: hash, budget: 0.5}",
            "embedding.fields={item: {method: {name: qr, budget: 0.5}}}",
            "embedding.sets={linear: {method: {name: full}}}");

        using var network = CtrNetwork.Create(config, tiny.Open().Schema);

        Assert.Contains(network.Embeddings.Tables, t => t.Name.StartsWith("embedding/item/", StringComparison.Ordinal));
        long items = tiny.Open().Schema.Vocabularies["user"];
        Assert.Contains(network.Embeddings.Tables, t => t.Name.StartsWith("linear/user", StringComparison.Ordinal) && t.RowCount == items);
    }

    [Fact]
    public void Create_FieldThatIsNotThere_NamesTheFields()
    {
        var config = RunConfigs.Create(tiny, "embedding.fields={itm: {method: {name: full}}}");

        Assert.Contains("item", Assert.Throws<ConfigException>(() => CtrNetwork.Create(config, tiny.Open().Schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderWithoutDataset_SaysHowToMakeOne()
    {
        var config = RunConfigs.Create(tiny, "dataset.path=nowhere");

        Assert.Contains("recsys prepare", Assert.Throws<ConfigException>(config.Dataset.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_DinWithoutHistory_SaysWhatItNeeds()
    {
        var schema = tiny.Open().Schema;
        var without = schema with { Features = [.. schema.Features.Where(f => f.Kind != Data.FeatureKind.Sequence)] };

        var error = Assert.Throws<ConfigException>(() => CtrNetwork.Create(RunConfigs.Create(tiny, "model={name: din}"), without));
        Assert.Contains("sequence", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("auto")]
    public void FindDevice_AnyMachine_HasIt(string device)
        => Assert.Equal(Device.Parse(device), RunConfigs.Create("none", $"train.device={device}").Train.FindDevice());

    [Theory]
    [InlineData("cuda:250")]
    [InlineData("gpu")]
    public void FindDevice_NoSuchDevice_NamesItAndWhatIsValid(string device)
    {
        var train = RunConfigs.Create("none", $"train.device={device}").Train;

        var error = Assert.Throws<ConfigException>(() => train.FindDevice());

        Assert.Contains("train.device", error.Message, StringComparison.Ordinal);
        Assert.Contains(device, error.Message, StringComparison.Ordinal);
        Assert.Contains("valid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindDeviceOrCpu_NoSuchGpu_IsTheProcessor()
        => Assert.Equal(torch.CPU, RunConfigs.Create("none", "train.device=cuda:250").Train.FindDeviceOrCpu());
}
