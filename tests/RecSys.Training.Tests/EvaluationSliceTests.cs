using RecSys.Data;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class EvaluationSliceTests(TinyDataset tiny)
{
    [Theory]
    [InlineData("item")]
    [InlineData("item_history")]
    public void ByCount_Slices_AreWhatTheTrainingSplitSays(string feature)
    {
        using var run = Trained();
        var data = run.Data;
        int place = data.Schema.EmbeddingFeatures.ToList().FindIndex(f => f.Name == feature);
        bool isSingle = data.Schema.EmbeddingFeatures[place].IsSingle;
        var counts = Ids(data, DataSplit.Train, place).SelectMany(ids => ids).GroupBy(id => id).ToDictionary(g => g.Key, g => g.Count());
        var expected = Ids(data, DataSplit.Test, place)
            .Select(ids => isSingle && ids[0] == 0 ? "unknown" : Range(isSingle ? counts.GetValueOrDefault(ids[0]) : ids.Length))
            .GroupBy(name => name).ToDictionary(g => g.Key, g => (long)g.Count());

        var slices = EvaluationSlice.ByCount(run.Score(DataSplit.Test), feature);

        Assert.Equal(expected, slices.ToDictionary(s => s.Name, s => s.Result.Samples));
        Assert.True(!isSingle || slices.Count > 1);
    }

    [Fact]
    public void ByValue_Slices_HaveTheMetricsOfTheirSamples()
    {
        using var run = Trained();
        var scored = run.Score(DataSplit.Test);
        var whole = scored.Evaluate();

        var slices = EvaluationSlice.ByValue(scored, "category", most: 4);

        Assert.Equal(5, slices.Count);
        Assert.Equal("others", slices[^1].Name);
        Assert.Equal(whole.Samples, slices.Sum(s => s.Result.Samples));
        Assert.Equal(whole.LogLoss, slices.Sum(s => s.Result.LogLoss * s.Result.Samples) / whole.Samples, 1e-9);
        Assert.Equal(slices.Take(4).Select(s => s.Result.Samples).OrderDescending(), slices.Take(4).Select(s => s.Result.Samples));
        long one = run.Data.Vocabulary("category").IdOf(slices[0].Name);
        Assert.Equal(Ids(run.Data, DataSplit.Test, 2).Count(ids => ids[0] == one), slices[0].Result.Samples);
    }

    [Theory]
    [InlineData("itm", "did you mean 'item'?")]
    [InlineData("item_history", "has lists of values")]
    public void ByValue_WrongFeature_SaysWhatIsValid(string feature, string message)
    {
        using var run = Trained();

        var error = Assert.Throws<DataException>(() => EvaluationSlice.ByValue(run.Score(DataSplit.Test), feature));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    // The planted effects are those of category and hour; a feature that the rule does not use is worth nothing.
    [Fact]
    public void Importance_Features_AreRankedAsTheRuleHasThem()
    {
        using var run = Trained();

        var importances = FeatureImportance.Measure(run, DataSplit.Test);

        Assert.Equal(run.Data.Schema.Features.Select(f => f.Name).Order(), importances.Select(i => i.Feature).Order());
        Assert.Equal(importances.Select(i => i.AucDrop).OrderDescending(), importances.Select(i => i.AucDrop));
        Assert.Contains("hour", importances.Take(3).Select(i => i.Feature));
        Assert.True(importances.Single(i => i.Feature == "hour").AucDrop > 0.02);
        Assert.Equal(importances, FeatureImportance.Measure(run, DataSplit.Test));
    }

    [Fact]
    public void Permute_Crosses_GoAlong()
    {
        var data = PreparedDataset.Open(tiny.Crossed);
        var features = data.Schema.EmbeddingFeatures.ToList();
        using var batch = data.Read(DataSplit.Test, new BatchOptions { BatchSize = 300 }).First();
        (int item, int cross, int hour) = (features.FindIndex(f => f.Name == "item"), features.FindIndex(f => f.Name == "item.hour"), features.FindIndex(f => f.Name == "hour"));
        var before = Rows();
        long[] hours = batch.Ids[hour].Values.ToArray();

        batch.Permute(data.Schema, "item", new Random(1));

        Assert.NotEqual(before, Rows());
        Assert.Equal(before.Order(), Rows().Order());
        Assert.Equal(hours, batch.Ids[hour].Values.ToArray());

        (long, long)[] Rows() => [.. Enumerable.Range(0, batch.Size).Select(row => (batch.Ids[item].Of(row)[0], batch.Ids[cross].Of(row)[0]))];
    }

    private TrainedRun Trained()
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny);
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using (var trainer = new Trainer(config, tiny.Open(), folder))
            trainer.Run();
        return TrainedRun.Open(folder);
    }

    private static List<long[]> Ids(PreparedDataset data, DataSplit split, int place)
    {
        List<long[]> ids = [];
        foreach (var batch in data.Read(split, new BatchOptions { BatchSize = 77 }))
        {
            for (int row = 0; row < batch.Size; row++)
                ids.Add(batch.Ids[place].Of(row).ToArray());
        }

        return ids;
    }

    private static string Range(long count) => count switch
    {
        0 => "0",
        < 10 => "1 … 9",
        < 100 => "10 … 99",
        < 1000 => "100 … 999",
        _ => "1000 or more",
    };
}
