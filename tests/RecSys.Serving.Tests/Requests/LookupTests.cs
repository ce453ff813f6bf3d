using System.Text.Json;
using RecSys.Serving.Client;
using RecSys.Training;

namespace RecSys.Serving.Tests.Requests;

public sealed class LookupTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    [Fact]
    public async Task Lookup_Ids_AreTheVectorsOfTheRun()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        using var lookup = EmbeddingLookup.Open(runs.Folder);
        long[] items = [.. Enumerable.Range(0, 201).Select(i => (long)i)];

        var reply = await server.Client.LookupAsync(new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(items), ["user"] = FeatureIds.OfIds(5, 0, 5) } });

        Assert.Equal("tiny", reply.ModelName);
        Assert.Equal(lookup.LookUp("item", items), reply.Features["item"].Vectors.Select(v => v.ToArray()));
        Assert.Equal(lookup.LookUp("user", [5, 0, 5]), reply.Features["user"].Vectors.Select(v => v.ToArray()));
        Assert.Equal([RowStatus.Present, RowStatus.Default, RowStatus.Present], reply.Features["user"].Statuses);
        Assert.Equal(4, reply.Features["item"].Dimension);
    }

    [Fact]
    public async Task Lookup_RawValues_AreTheVectorsOfTheirIds()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var vocabulary = runs.Data.Open().Vocabulary("item");
        var values = vocabulary.ValuesOf([7, 150]);

        // The history reads the rows of the items.
        var reply = await server.Client.LookupAsync(new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item_history"] = FeatureIds.OfValues(values[1], "none", null, values[0]) } });
        var ids = await server.Client.LookupAsync(new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(150, 0, 0, 7) } });

        Assert.Equal(ids.Features["item"].Vectors.Select(v => v.ToArray()), reply.Features["item_history"].Vectors.Select(v => v.ToArray()));
        Assert.Equal([RowStatus.Present, RowStatus.Default, RowStatus.Default, RowStatus.Present], reply.Features["item_history"].Statuses);
    }

    [Theory]
    [InlineData("sum", 1)]
    [InlineData("mean", 2)]
    public async Task Lookup_Bags_ArePooled(string pooling, int divisor)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        var (status, reply) = await server.PostAsync("/v1/lookup", $$"""{"features": {"item": {"ids": [3, 9, 4], "lengths": [2, 0, 1], "pooling": "{{pooling}}"} } }""");
        var (_, single) = await server.PostAsync("/v1/lookup", """{"features": {"item": [3, 9, 4]}}""");

        float[][] bags = VectorsOf(reply);
        float[][] vectors = VectorsOf(single);
        Assert.Equal(200, status);
        Assert.Equal(3, bags.Length);
        for (int j = 0; j < 4; j++)
            Assert.Equal((vectors[0][j] + vectors[1][j]) / divisor, bags[0][j], 1e-6f);
        Assert.Equal(new float[4], bags[1]);
        Assert.Equal(vectors[2], bags[2]);
    }

    [Fact]
    public async Task Lookup_BinaryAndJson_AreTheSame()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var features = new Dictionary<string, FeatureIds> { ["item"] = new() { Ids = [1, 2, 3], Lengths = [1, 2], Pooling = VectorPooling.Mean }, ["category"] = FeatureIds.OfIds(1, 2) };

        var binary = await server.Client.LookupAsync(new LookupRequest { Features = features });
        var (_, json) = await server.PostAsync("/v1/lookup", JsonSerializer.Serialize(new LookupRequest { Model = "tiny", Features = features }, ServingJson.Options));

        Assert.Equal(JsonSerializer.Serialize(json), JsonSerializer.Serialize(binary, ServingJson.Options));
    }

    [Fact]
    public async Task Lookup_OtherSet_HasItsWidth()
    {
        string run = runs.Train("model.name=deepfm", "train.epochs=1");
        await using var server = await TestServer.StartAsync(run);
        var models = await server.GetAsync("/v1/models");
        var narrow = models[0].GetProperty("sets").EnumerateArray().Single(s => s.GetProperty("dimension").GetInt32() == 1);

        var reply = await server.Client.LookupAsync(new LookupRequest { Set = narrow.GetProperty("name").GetString(), Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1) } });

        Assert.Equal(1, reply.Features["item"].Dimension);
    }

    [Fact]
    public async Task Lookup_PrunedRows_AreFiltered()
    {
        string run = runs.Train("embedding.method={name: deeplight, budget: 0.1, full_share: 0}", "train.epochs=1");
        await using var server = await TestServer.StartAsync(run);

        var reply = await server.Client.LookupAsync(new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds([.. Enumerable.Range(1, 200).Select(i => (long)i)]) } });

        var item = reply.Features["item"];
        Assert.Contains(RowStatus.Filtered, item.Statuses);
        Assert.All(item.Statuses.Index(), s => Assert.Equal(s.Item == RowStatus.Filtered, !item.Vectors[s.Index].Span.ContainsAnyExcept(0f)));
    }

    [Theory]
    [InlineData("""{"features": {"itm": [1]}}""", 400, "features.itm: the embedding set 'embedding' has no such feature; did you mean 'item'?")]
    [InlineData("""{"features": {"item": [1, -1]}}""", 400, "features.item.ids[1]: -1 is out of range; valid: 0 … 200")]
    [InlineData("""{"features": {"item": [201]}}""", 400, "features.item.ids[0]: 201 is out of range; valid: 0 … 200")]
    [InlineData("""{"features": {"item": [9223372036854775808]}}""", 400, "features.item")]
    [InlineData("""{"features": {"item": [1.5]}}""", 400, "element 0 is no whole number")]
    [InlineData("""{"features": {"item": [1, "a"]}}""", 400, "element 1 is no whole number")]
    [InlineData("""{"features": {"item": ["a", 1]}}""", 400, "element 1 is no text")]
    [InlineData("""{"features": {"item": "a"}}""", 400, "features.item")]
    [InlineData("""{"features": {"item": {"id": [1]}}}""", 400, "'id' is not known")]
    [InlineData("""{"features": {"item": {"ids": [1], "values": ["a"]}}}""", 400, "features.item: needs either 'ids' or 'values'")]
    [InlineData("""{"features": {"item": {"ids": [1, 2], "lengths": [3], "pooling": "sum"}}}""", 400, "features.item.lengths[0]: 3 is out of range")]
    [InlineData("""{"features": {"item": {"ids": [1, 2], "lengths": [1], "pooling": "sum"}}}""", 400, "the bags hold 1 ids together, but 2 are given")]
    [InlineData("""{"features": {"item": {"ids": [1, 2], "lengths": [-1, 3], "pooling": "sum"}}}""", 400, "the length -1 is out of range")]
    [InlineData("""{"features": {"item": {"ids": [1], "pooling": "max"}}}""", 400, "the pooling 'max' is not known")]
    [InlineData("""{"features": {"item": {"ids": [1], "pooling": "sum"}}}""", 400, "features.item.lengths: missing")]
    [InlineData("""{"features": null}""", 400, "features")]
    [InlineData("""{"features": {"item": null}}""", 400, "features.item")]
    [InlineData("""{"features": {}, "features": {}}""", 400, "features")]
    [InlineData("""{"feature": {}}""", 400, "feature: is not known; valid: model, version, set, features")]
    [InlineData("""{}""", 400, "features")]
    [InlineData("""null""", 400, "null")]
    [InlineData("""[]""", 400, "The request")]
    [InlineData("""{"features": {"item": [NaN]}}""", 400, "features.item")]
    [InlineData("", 400, "The request")]
    [InlineData("""{"model": "tinny", "features": {}}""", 404, "there is no model 'tinny'; did you mean 'tiny'?")]
    [InlineData("""{"version": "1", "features": {}}""", 404, "has no version '1'")]
    [InlineData("""{"set": "../x", "features": {}}""", 400, "set: there is no embedding set '../x'; valid: ")]
    public async Task Lookup_WrongRequest_NamesTheFieldAndWhatIsValid(string json, int status, string message)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        await server.AssertRefusedAsync("/v1/lookup", json, status, message);
    }

    [Fact]
    public async Task Lookup_TooManyIds_SaysHowManyAreTaken()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { MaxIds = 3 });

        var (status, body) = await server.PostAsync("/v1/lookup", """{"features": {"item": [1, 2], "user": [1, 2]}}""");

        Assert.Equal(400, status);
        Assert.Contains("has 4 ids; at most 3", body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private static float[][] VectorsOf(JsonElement reply)
        => [.. reply.GetProperty("features").GetProperty("item").GetProperty("vectors").EnumerateArray().Select(v => v.EnumerateArray().Select(x => x.GetSingle()).ToArray())];
}
