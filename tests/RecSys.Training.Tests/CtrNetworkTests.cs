using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class CtrNetworkTests(TinyDataset data)
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string model in CtrModels.Names)
            cases.Add(model, "{name: full}");
        cases.Add("deepfm", "{name: qr, budget: 0.6}");
        cases.Add("dcnv2", "{name: unified, budget: 0.5}");
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_VectorsOncePerId_EqualsVectorsPerSample(string model, string method)
    {
        var config = RunConfigs.Create(data, $"model={{name: {model}}}", $"embedding.method={method}", $"dataset.path={data.For(model)}");
        using var network = CtrNetwork.Create(config, config.Dataset.Open().Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, config.SparseOptimizer.Create(), 1);
        Batch batch = config.Dataset.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).First();

        var (expectedLogits, expected) = Step(network, rows, batch, once: false);
        var (logits, gradients) = Step(network, rows, batch, once: true);

        AssertNear(expectedLogits, logits);
        Assert.Equal(expected.Length, gradients.Length);
        for (int t = 0; t < expected.Length; t++)
            AssertNear(expected[t], gradients[t]);
    }

    [Fact]
    public void Create_OnTwoThreadsAtOnce_DrawsTheSameValues()
    {
        var config = RunConfigs.Create(data);
        var schema = config.Dataset.Open().Schema;
        float[] expected = FirstValues();

        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Assert.Equal(expected, FirstValues()));

        float[] FirstValues()
        {
            using var network = CtrNetwork.Create(config, schema);
            return [.. network.Model.parameters().SelectMany(parameter => parameter.ToArray<float>())];
        }
    }

    [Fact]
    public void Combine_FieldsOfFewIds_AreMarked()
    {
        using var scope = torch.NewDisposeScope();

        var (batch, parts) = Combine();

        int[] first = parts.Single().Sets[1].FirstSamples.ToArray<int>();

        // user, item, category, hour and the bag of the history; only 11 categories and 25 hours are at most a quarter of the batch.
        Assert.Equal([true, true, false, false, true], Enumerable.Range(0, 5).Select(field => first[field * 256] == -1));
        long[] hours = batch.Ids[3].Values.ToArray();
        Assert.Equal(hours.Select(hour => Array.IndexOf(hours, hour)), first.AsSpan(3 * 256, 256).ToArray());
    }

    // In units without batch normalisation a sample's neighbours do not matter; the auxiliary loss of DIEN is a mean over behaviours, so it has none.
    [Theory]
    [InlineData("din", ", activation: relu")]
    [InlineData("dare", ", search: 0")]
    [InlineData("dare", ", search: 3")]
    [InlineData("dien", ", activation: relu, auxiliary_weight: 0")]
    public void Step_BatchInParts_EqualsWhole(string model, string options)
    {
        var (loss, logits, gradients) = TrainOnce(model, options, maxHistoryIds: 0, out int whole);
        var (partLoss, partLogits, partGradients) = TrainOnce(model, options, maxHistoryIds: 100, out int parts);

        Assert.Equal(1, whole);
        Assert.InRange(parts, 5, 200);
        Assert.Equal(loss, partLoss, 1e-6);
        AssertNear(logits, partLogits);
        Assert.Equal(gradients.Length, partGradients.Length);
        for (int t = 0; t < gradients.Length; t++)
            AssertNear(gradients[t], partGradients[t]);
    }

    [Fact]
    public void Combine_LongHistories_HasAsManySamplesAsStayWithinTheLimit()
    {
        using var scope = torch.NewDisposeScope();

        var (_, parts) = Combine("model={name: din}", "train.max_history_ids=40");

        long Ids(ModelInput part, int samples) => part.Sets.SelectMany(set => set.Sequences).Sum(sequence => sequence.Offsets.ToArray<long>()[samples]);
        Assert.Equal(256, parts.Sum(part => part.BatchSize));
        Assert.All(parts, part => Assert.True(part.BatchSize == 1 || Ids(part, part.BatchSize) <= 40));
        Assert.All(parts.Zip(parts.Skip(1)), pair => Assert.True(Ids(pair.First, pair.First.BatchSize) + Ids(pair.Second, 1) > 40));
    }

    private (Batch Batch, IReadOnlyList<ModelInput> Parts) Combine(params string[] settings)
    {
        var config = RunConfigs.Create(data, settings);
        using var network = CtrNetwork.Create(config, data.Open().Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, config.SparseOptimizer.Create(), 1);
        Batch batch = data.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).First();
        network.Plan(batch);
        network.Gather(batch, rows);
        return (batch, network.Combine(batch, training: false));
    }

    private (double Loss, float[] Logits, float[][] Gradients) TrainOnce(string model, string options, long maxHistoryIds, out int parts)
    {
        var config = RunConfigs.Create(
            data, $"model={{name: {model}{options}}}", FormattableString.Invariant($"train.max_history_ids={maxHistoryIds}"), "dense_optimizer={name: sgd}", $"dataset.path={data.For(model)}");
        using var network = CtrNetwork.Create(config, config.Dataset.Open().Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, config.SparseOptimizer.Create(), 1);
        using var step = new TrainingStep(config, network, rows, new StepClock(TimeProvider.System));
        using var scope = torch.NewDisposeScope();
        Batch Read()
        {
            var batch = config.Dataset.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).First();
            network.Plan(batch);
            return batch;
        }

        float[] logits = [];
        Scorer.Score(network, rows, [Read()], (_, scores) => logits = scores.ToArray());
        network.Model.train();
        var batch = Read();
        step.Run(batch);
        double loss = step.TakeLosses();
        parts = network.Combine(batch, training: false).Count;
        return (loss, logits, [.. CtrNetwork.PlanOf(batch).Batches.ToArray().Select(b => b.Gradients.ToArray()), .. network.Model.parameters().Select(p => p.grad!.contiguous().ToArray<float>())]);
    }

    private static (float[] Logits, float[][] Gradients) Step(CtrNetwork network, MemoryRowStore rows, Batch batch, bool once)
    {
        using var scope = torch.NewDisposeScope();
        network.Plan(batch);
        network.Gather(batch, rows);
        var input = network.Combine(batch, training: true).Single();
        if (!once)
            input = input with { Sets = [.. input.Sets.Select(set => set with { FirstSamples = torch.full([set.FirstSamples.shape[0], batch.Size], -1, torch.int32) })] };

        // Dice updates its running averages in training only.
        network.Model.eval();
        (var logits, var extra, _) = network.Model.Forward(input);
        var sum = (logits * torch.arange(1, batch.Size + 1).to(torch.float32).sin()).sum();
        (extra is null ? sum : sum + extra).backward();
        network.Coalesce(batch, [input]);
        float[][] gradients = [.. CtrNetwork.PlanOf(batch).Batches.ToArray().Select(b => b.Gradients.ToArray()), .. network.Model.parameters().Select(p => p.grad!.contiguous().ToArray<float>())];
        foreach (var parameter in network.Model.parameters())
            parameter.grad!.zero_();
        return (logits.detach().ToArray<float>(), gradients);
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        double tolerance = 1e-5 * Math.Max(1, expected.Max(Math.Abs));
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }
}
