using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Training.Compression;
using RecSys.Training.Configuration;

namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class OptInterTests(TinyDataset tiny)
{
    private const string Settings = "{name: optinter, interaction_dimension: 3, hidden_units: [6], layer_norm: false}";

    // Crosses c0.c1 and c0.c2; the sets that are left have no more features than the choices need.
    [Theory]
    [InlineData("memorize", "factorize")]
    [InlineData("factorize", "memorize")]
    [InlineData("memorize", "memorize")]
    [InlineData("factorize", "factorize")]
    [InlineData("naive", "factorize")]
    [InlineData("naive", "naive")]
    public void Forward_Decided_IsThePerceptronOfWhatWasChosen(string first, string second)
    {
        string[] ways = [first, second];
        using var decided = Decided(ways);
        using var small = new SmallModel(Settings, decided: decided);
        double[] logits = small.Logits();

        Assert.Null(small.Model.SearchEpochs);
        Assert.Equal<string>(ways, small.Model.Decisions(decided).Values);
        for (int sample = 0; sample < SmallModel.BatchSize; sample++)
        {
            List<double> columns = [.. small.Vectors(0, sample).SelectMany(v => v)];
            int factors = 1 + (ways.Contains("memorize") ? 1 : 0);
            if (factors == 2)
                columns.AddRange(small.Vectors(1, sample).SelectMany(v => v));
            if (ways.Contains("factorize"))
            {
                // The vectors of c0, then those of the other features that are factorised.
                double[][] vectors = small.Vectors(factors, sample);
                for (int other = 1; other <= ways.Count(w => w == "factorize"); other++)
                    columns.AddRange(vectors[0].Zip(vectors[other], (x, y) => x * y));
            }

            Assert.Equal(small.Perceptron([.. columns, .. small.Numeric(sample)], "dnn.linear0", "dnn.output")[0], logits[sample], 1e-9);
        }
    }

    [Fact]
    public void Run_PlantedPairs_AreMemorized()
    {
        string folder = tiny.NewFolder();
        SyntheticDataset.Write(SyntheticOptions.CrossedFields(100_000), Path.Combine(folder, "pairs"));

        var result = Train(Path.Combine(folder, "run"), $"dataset.path={folder}/pairs", "embedding.dimension=8", "train.epochs=1");

        string[] memorized = [.. result.Decisions.Where(d => d.Value == "memorize").Select(d => d.Key)];
        Assert.Equal(45, result.Decisions.Count);
        Assert.Superset(new HashSet<string> { "f0.f1", "f2.f3", "f4.f5" }, memorized.ToHashSet());
        Assert.InRange(memorized.Length, 3, 8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TrainedRun_OfWhatWasFound_EvaluatesAsTheTrainer(bool gumbel)
    {
        string folder = tiny.NewFolder();
        var expected = Train(folder, $"dataset.path={tiny.Crossed}", $"model.gumbel={(gumbel ? "true" : "false")}");

        using var run = TrainedRun.Open(folder);

        Assert.Equal(expected.Test, run.Evaluate(DataSplit.Test));
        Assert.Equal(expected.Decisions, run.Network.Decisions);
        Assert.DoesNotContain(run.Network.Model.named_parameters(), p => p.name == "scores");
    }

    [Fact]
    public void Compress_Run_KeepsWhatWasFound()
    {
        string folder = tiny.NewFolder();
        var expected = Train(folder, $"dataset.path={tiny.Crossed}");

        string target = folder + "-int8";
        RunCompression.Run(folder, target, new CompressionOptions { Precision = "int8" });
        using var run = TrainedRun.Open(target);

        Assert.Equal(expected.Decisions, run.Network.Decisions);
        Assert.InRange(run.Evaluate(DataSplit.Test).Auc, expected.Test!.Auc - 0.01, expected.Test.Auc + 0.01);
    }

    [Fact]
    public void Create_DataWithoutCrosses_SaysHowToMakeThem()
    {
        var error = Assert.Throws<ConfigException>(() => Train(tiny.NewFolder(), $"dataset.path={tiny.Prepared}"));

        Assert.Contains("'crosses'", error.Message, StringComparison.Ordinal);
    }

    private TrainingResult Train(string folder, params string[] overrides)
    {
        var config = RunConfigs.Create(tiny, ["model={name: optinter, hidden_units: [16]}", .. overrides]);
        var data = config.Dataset.Open();
        Directory.CreateDirectory(folder);
        RunDirectory.Prepare(folder, config, data, resume: false);
        using var trainer = new Trainer(config, data, folder);
        return trainer.Run();
    }

    private static MethodState Decided(string[] ways)
    {
        var choices = new PackedArray(ways.Length, bits: 2);
        for (int i = 0; i < ways.Length; i++)
            choices[i] = (uint)Array.IndexOf(["memorize", "factorize", "naive"], ways[i]);
        return new MethodState(1, new Dictionary<string, PackedArray> { ["choices"] = choices });
    }
}
