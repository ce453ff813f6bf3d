using RecSys.Data;
using RecSys.Serving.Client;
using RecSys.Training;

namespace RecSys.Serving.Tests.Requests;

public sealed class ScoreTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    [Fact]
    public async Task Score_RowsOfTheTestSplit_AreThoseOfTheEvaluation()
    {
        (var samples, float[] expected) = TestRows(runs.Folder);
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ScoringBatchSize = 97 });

        var reply = await server.Client.ScoreAsync(new ScoreRequest { Samples = samples });

        Assert.Equal(expected.Length, reply.Scores.Count);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], reply.Scores[i], 1e-6f);
    }

    // Crosses come last among the features, and nobody sends them.
    [Fact]
    public async Task Score_ModelOfCrosses_IsThatOfTheEvaluation()
    {
        string run = runs.Train("model={name: optinter, hidden_units: [16]}", $"dataset.path={runs.Data.Crossed}");
        (var samples, float[] expected) = TestRows(run);
        await using var server = await TestServer.StartAsync(run);

        var reply = await server.Client.ScoreAsync(new ScoreRequest { Samples = samples });
        var single = await server.Client.ScoreAsync(new ScoreRequest { Features = samples[3] });
        var models = await server.GetAsync("/v1/models");

        Assert.Equal(expected, reply.Scores, (a, b) => Math.Abs(a - b) <= 1e-6f);
        Assert.Equal(expected[3], Assert.Single(single.Scores), 1e-6f);
        Assert.DoesNotContain(models[0].GetProperty("features").EnumerateArray(), f => f.GetProperty("name").GetString()!.Contains('.', StringComparison.Ordinal));
        await server.AssertRefusedAsync("/v1/score", """{"features": {"user.item": "1.1"}}""", 400, "features.user.item: the model has no such feature");
    }

    [Fact]
    public async Task Score_ManyRequestsAtOnce_EachHasItsOwn()
    {
        (var samples, float[] expected) = TestRows(runs.Folder);
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ScoringBatchSize = 64, MaxConcurrentRequests = 32, MaxQueuedRequests = 1000 });

        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => server.Client.ScoreAsync(new ScoreRequest { Samples = [.. samples.Skip(i).Take((i % 7) + 1)] })));

        for (int i = 0; i < replies.Length; i++)
        {
            for (int j = 0; j < replies[i].Scores.Count; j++)
                Assert.Equal(expected[i + j], replies[i].Scores[j], 1e-6f);
        }
    }

    [Fact]
    public async Task Score_CandidatesOfOneUser_AreThoseOfWholeSamples()
    {
        (var samples, _) = TestRows(runs.Folder);
        await using var server = await TestServer.StartAsync(runs.Folder);
        object?[] items = [.. samples.Take(20).Select(s => s["item"])];
        var user = samples[0].Where(f => f.Key != "item").ToDictionary();

        var together = await server.Client.ScoreAsync(new ScoreRequest { Features = user, Samples = [.. items.Select(i => new Dictionary<string, object?> { ["item"] = i })] });
        var whole = await server.Client.ScoreAsync(new ScoreRequest { Samples = [.. items.Select(i => new Dictionary<string, object?>(user) { ["item"] = i })] });
        var single = await server.Client.ScoreAsync(new ScoreRequest { Features = samples[0] });

        Assert.Equal(whole.Scores, together.Scores);
        Assert.Equal(whole.Scores[0], Assert.Single(single.Scores), 1e-6f);
    }

    [Theory]
    [InlineData("""{}""", 400, "The request needs 'features', or 'samples', or both")]
    [InlineData("""{"features": {"usr": "u1"}}""", 400, "features.usr: the model has no such feature; did you mean 'user'?")]
    [InlineData("""{"samples": [{"user": "u1"}, {"usr": "u1"}]}""", 400, "samples[1].usr: the model has no such feature")]
    [InlineData("""{"samples": [null]}""", 400, "samples[0]")]
    [InlineData("""{"features": {"user": ["u1"]}}""", 400, "features.user: is no single value")]
    [InlineData("""{"features": {"item_history": "i1"}}""", 400, "features.item_history: is no list; valid: a list of values, the oldest first")]
    [InlineData("""{"features": {"item_history": [["i1"]]}}""", 400, "features.item_history[0]: is no single value")]
    [InlineData("""{"features": {"user": "\ud800"}}""", 400, "features.user: is no valid Unicode text")]
    [InlineData("""{"samples": {}}""", 400, "samples")]
    [InlineData("""{"model": "x", "features": {}}""", 404, "there is no model 'x'")]
    public async Task Score_WrongRequest_NamesTheFieldAndWhatIsValid(string json, int status, string message)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        await server.AssertRefusedAsync("/v1/score", json, status, message);
    }

    [Fact]
    public async Task Score_ServerForLookupsAlone_SaysSo()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { Scoring = false });

        var (status, body) = await server.PostAsync("/v1/score", """{"features": {}}""");
        var (found, _) = await server.PostAsync("/v1/lookup", """{"features": {"item": [1]}}""");

        Assert.Equal(503, status);
        Assert.Contains("started for look-ups alone", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(200, found);
    }

    [Fact]
    public async Task Neighbors_OfAnId_AreThoseOfComparingAll()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        using var lookup = EmbeddingLookup.Open(runs.Folder);
        float[][] vectors = lookup.LookUp("item", [.. Enumerable.Range(0, 201).Select(i => (long)i)]);
        var vocabulary = runs.Data.Open().Vocabulary("item");

        var reply = await server.Client.NeighborsAsync(new NeighborsRequest { Feature = "item", Value = vocabulary.ValueOf(17), Count = 5 });

        var expected = Enumerable.Range(1, 200).Where(i => i != 17).Select(i => (Id: (long)i, Similarity: Cosine(vectors[i], vectors[17]))).OrderByDescending(n => n.Similarity).Take(5).ToList();
        Assert.Equal(17, reply.Id);
        Assert.Equal(5, reply.Neighbors.Count);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(expected[i].Similarity, reply.Neighbors[i].Similarity, 1e-5);
            Assert.Equal(vocabulary.ValueOf(reply.Neighbors[i].Id), reply.Neighbors[i].Value);
        }
    }

    [Theory]
    [InlineData("""{"feature": "item"}""", 400, "needs either 'id' or 'value'")]
    [InlineData("""{"feature": "item", "id": 201}""", 400, "id: 201 is out of range; valid: 0 … 200")]
    [InlineData("""{"feature": "item", "value": "none"}""", 404, "value: 'none' is not in the vocabulary of 'item'")]
    [InlineData("""{"feature": "item", "id": 1, "count": 101}""", 400, "count: 101 is out of range; valid: 1 … 100")]
    [InlineData("""{"feature": "itm", "id": 1}""", 400, "did you mean 'item'?")]
    public async Task Neighbors_WrongRequest_NamesTheFieldAndWhatIsValid(string json, int status, string message)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        await server.AssertRefusedAsync("/v1/neighbors", json, status, message);
    }

    private static double Cosine(float[] a, float[] b)
        => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));

    // The rows of the test split as raw values, with the click probabilities of the run.
    private static (List<IReadOnlyDictionary<string, object?>> Samples, float[] Scores) TestRows(string folder)
    {
        using var run = TrainedRun.Open(folder);
        List<IReadOnlyDictionary<string, object?>> samples = [];
        List<float> scores = [];
        var features = run.Data.Schema.EmbeddingFeatures.Take(run.Data.Schema.GivenFeatures.Count(f => f.HasIds)).ToList();
        Scorer.Score(run.Network, run.Rows, run.Data.Read(DataSplit.Test, new BatchOptions { BatchSize = 512, OnBatch = run.Network.Plan }), (batch, logits) =>
        {
            foreach (float logit in logits)
                scores.Add((float)(1 / (1 + Math.Exp(-logit))));
            var values = features.Select((f, i) => run.Data.Vocabulary(f.Field.Name).ValuesOf([.. batch.Ids[i].Values])).ToList();
            for (int row = 0; row < batch.Size; row++)
            {
                var sample = new Dictionary<string, object?>();
                for (int f = 0; f < features.Count; f++)
                {
                    if (features[f].IsSingle)
                        sample[features[f].Name] = values[f][row];
                    else
                        sample[features[f].Name] = values[f].Skip(batch.Ids[f].Offsets[row]).Take(batch.Ids[f].Length(row)).Select(v => v ?? "unknown").ToList();
                }

                samples.Add(sample);
            }
        });
        return (samples, [.. scores]);
    }
}
