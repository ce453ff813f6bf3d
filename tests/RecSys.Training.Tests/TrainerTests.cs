using RecSys.Data;
using RecSys.Embeddings.Methods;
using RecSys.Torch;
using RecSys.Training.Checkpoints;
using RecSys.Training.Models;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class TrainerTests(TinyDataset tiny)
{
    /// <summary>All models with all methods.</summary>
    public static TheoryData<string, string> Product() => Pairs((_, _) => true);

    /// <summary>Some models with all methods, the others with every third, so that neighbours share none.</summary>
    public static TheoryData<string, string> PartOfTheProduct()
        => Pairs((model, method) => (model + method) % 3 == 0 || method == 0 || CtrModels.Names[model] is "lr" or "fm" or "deepfm" or "dcnv2" or "dlrm" or "din");

    [Theory]
    [MemberData(nameof(PartOfTheProduct))]
    public void Run_ModelAndMethod_LearnsSomething(string model, string method) => AssertLearns(model, method);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(Product))]
    public void Run_EveryModelAndMethod_LearnsSomething(string model, string method) => AssertLearns(model, method);

    [Theory]
    [InlineData("fp16", 0.51, 0.01)]
    [InlineData("bf16", 0.51, 0.01)]
    [InlineData("int8", 0.62, 0.01)]
    [InlineData("{name: int8, scale: learned, step: 0.002}", 0.62, 0.01)]
    [InlineData("{name: int8, scale: fixed, step: 0.002}", 0.26, 0.02)]
    [InlineData("{name: int4, scale: fixed, step: 0.02}", 0.26, 0.05)]
    public void Run_EveryPrecision_LearnsAsFp32Does(string precision, double ratio, double tolerance)
    {
        string[] settings = ["embedding.dimension=4", "sparse_optimizer.name=row_wise_adagrad"];
        var expected = Train(tiny.NewFolder(), settings);

        var actual = Train(tiny.NewFolder(), [.. settings, $"embedding.precision={precision}"]);

        Assert.InRange(actual.Test!.Auc, expected.Test!.Auc - tolerance, expected.Test!.Auc + tolerance);
        Assert.InRange(actual.Bytes.CompressionRatio, 0, ratio);
    }

    [Fact]
    public void Run_Twice_GivesTheSameNumbers()
    {
        var first = Train(tiny.NewFolder(), ["model.dropout=0.2"]);
        var second = Train(tiny.NewFolder(), ["model.dropout=0.2"]);

        Assert.Equal(first.Test, second.Test);
        Assert.Equal(first.Validation, second.Validation);
    }

    [Theory]
    [InlineData("deepfm", "fp32")]
    [InlineData("din", "fp32")]
    [InlineData("deepfm", "{name: int8, scale: learned}")]
    [InlineData("deepfm", "bf16")]
    [InlineData("deepfm", "fp32", "{name: cce, budget: 0.3}")]
    [InlineData("deepfm", "int8", "{name: cce, budget: 0.1}")]
    [InlineData("din", "fp32", "{name: cafe, budget: 0.3, threshold: 5}")]
    [InlineData("din", "int8", "{name: growing, budget: 0.3, admission: 0.5}")]
    [InlineData("optinter", "fp32")]
    [InlineData("optinter", "fp32", "{name: pep, budget: 0.5}")]
    public void Run_InterruptedAndResumed_GivesTheNumbersOfAnUninterruptedRun(string model, string precision, string method = "full")
    {
        string[] settings = [$"model.name={model}", $"embedding.precision={precision}", $"embedding.method={method}", "model.dropout=0.2", "train.checkpoint_every_steps=7", "sparse_optimizer.name=lazy_adam", "sparse_optimizer.learning_rate=0.01", $"dataset.path={tiny.For(model)}"];
        var data = PreparedDataset.Open(tiny.For(model));
        var expected = Train(tiny.NewFolder(), settings);

        string folder = tiny.NewFolder();
        using (var interrupted = new Trainer(RunConfigs.Create(tiny, settings), data, folder))
        {
            interrupted.Progress = progress =>
            {
                if (progress.Step == 25)
                    throw new OperationCanceledException();
            };
            Assert.Throws<OperationCanceledException>(() => interrupted.Run());
        }

        Assert.Equal(21, new CheckpointStore(folder).ReadCurrent()!.Latest);
        using var resumed = new Trainer(RunConfigs.Create(tiny, settings), data, folder);
        var actual = resumed.Run(resume: true);

        Assert.Equal(expected.Test, actual.Test);
        Assert.Equal(expected.Validation, actual.Validation);
        Assert.Equal(expected.Steps, actual.Steps);
    }

    [Fact]
    public void Run_ResumedAfterTheEnd_EvaluatesAgain()
    {
        string folder = tiny.NewFolder();
        var expected = Train(folder, []);

        using var again = new Trainer(RunConfigs.Create(tiny), tiny.Open(), folder);

        Assert.Equal(expected.Test, again.Run(resume: true).Test);
    }

    [Fact]
    public void Run_ValidationStopsImproving_EndsEarlyAndKeepsTheBest()
    {
        // A learning rate far too large makes every later epoch worse.
        string folder = tiny.NewFolder();
        var result = Train(folder, ["train.epochs=20", "train.early_stopping={metric: logloss, patience: 1}", "sparse_optimizer.learning_rate=0.5"]);
        long stepsPerEpoch = (tiny.Open().RowCount(DataSplit.Train) + 255) / 256;

        Assert.True(result.Steps < 20 * stepsPerEpoch, $"{result.Steps} steps");
        Assert.Equal(result.Steps - stepsPerEpoch, result.BestStep);
    }

    [Fact]
    public void Run_KeepsTheNewestCheckpointsAndTheBest()
    {
        string folder = tiny.NewFolder();
        var result = Train(folder, ["train.checkpoint_every_steps=3", "train.keep_checkpoints=2"]);

        var kept = Directory.GetDirectories(Path.Combine(folder, "checkpoints")).Select(Path.GetFileName).Select(n => long.Parse(n!, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Contains(result.BestStep, kept);
        Assert.Contains(result.Steps, kept);
        Assert.InRange(kept.Count, 2, 3);
    }

    [Fact]
    public void Run_LeavesNoTensorBehind()
    {
        Train(tiny.NewFolder(), ["train.epochs=1"]);
        long before = Tensor.LiveCount;

        Train(tiny.NewFolder(), ["train.epochs=1"]);

        Assert.Equal(before, Tensor.LiveCount);
    }

    [Fact]
    public void TrainedRun_Evaluate_EqualsTheTrainer()
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, "model.name=din", "embedding.method={name: qr, budget: 0.5}", "embedding.precision=int8");
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using var trainer = new Trainer(config, tiny.Open(), folder);
        var expected = trainer.Run();

        using var run = TrainedRun.Open(folder);

        Assert.Equal(expected.Test, run.Evaluate(DataSplit.Test));
    }

    [Fact]
    public void EmbeddingLookup_EqualsTheTrainedVectors()
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, "embedding.method={name: unified, budget: 0.5}", "embedding.precision=bf16");
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using (var trainer = new Trainer(config, tiny.Open(), folder))
            trainer.Run();

        using var lookup = EmbeddingLookup.Open(folder);
        float[][] once = lookup.LookUp("item", [5, 1, 5]);
        using var run = TrainedRun.Open(folder);
        var features = run.Data.Schema.EmbeddingFeatures;
        int item = features.ToList().FindIndex(f => f.Name == "item");
        using var batch = run.Data.Read(DataSplit.Test, new BatchOptions { BatchSize = 64, OnBatch = run.Network.Plan }).First();
        var plan = CtrNetwork.PlanOf(batch);
        run.Network.Embeddings.Gather(plan, run.Rows);
        float[] block = new float[run.Network.Embeddings.OutputLength(plan, 1)];
        run.Network.Embeddings.Forward(plan, 1, block);
        float[][] looked = lookup.LookUp("item", batch.Ids[item].Values);

        Assert.Equal(once[0], once[2]);
        Assert.Contains("did you mean 'item'?", Assert.Throws<ArgumentException>(() => lookup.LookUp("itm", [1])).Message, StringComparison.Ordinal);
        Assert.Contains("valid: 0 … 200", Assert.Throws<ArgumentOutOfRangeException>(() => lookup.LookUp("item", [1, 201])).Message, StringComparison.Ordinal);
        for (int i = 0; i < batch.Size; i++)
            Assert.Equal(block.AsSpan(((i * features.Count) + item) * 4, 4).ToArray(), looked[i]);
    }

    private static TheoryData<string, string> Pairs(Func<int, int, bool> isWanted)
    {
        var data = new TheoryData<string, string>();
        for (int model = 0; model < CtrModels.Names.Count; model++)
        {
            for (int method = 0; method < EmbeddingMethods.All.Count; method++)
            {
                if (isWanted(model, method))
                    data.Add(CtrModels.Names[model], EmbeddingMethods.All[method].Name);
            }
        }

        return data;
    }

    private void AssertLearns(string model, string method)
    {
        string budget = method == "full" || (model == "lr" && method is "low_dimension" or "mixed_dimension" or "nested" or "autodim" or "memcom") ? "1" : "0.5";
        string size = method == "path" ? ", hidden: 2" : ""; // networks of the default size take more than the small fields have
        string shape = model == "optinter" ? ", hidden_units: [64, 32], search_epochs: 2" : ""; // five layers of 700 units are too much for 4200 rows
        string[] overrides = [$"model={{name: {model}{shape}}}", $"embedding.method={{name: {method}, budget: {budget}{size}}}", $"dataset.path={tiny.For(model)}"];

        var result = Train(tiny.NewFolder(), overrides);

        Assert.True(result.Test!.Auc > 0.55, $"AUC {result.Test.Auc}");
        Assert.Equal(900, result.Test.Samples);
        Assert.InRange(result.Bytes.CompressionRatio, 0, budget == "1" ? 1 : 0.52);
    }

    private TrainingResult Train(string folder, string[] overrides)
    {
        var config = RunConfigs.Create(tiny, overrides);
        using var trainer = new Trainer(config, config.Dataset.Open(), folder);
        return trainer.Run();
    }
}
