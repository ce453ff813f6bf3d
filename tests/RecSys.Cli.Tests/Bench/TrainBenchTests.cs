using RecSys.Cli.Bench;
using RecSys.Data.Configuration;
using RecSys.Training.Models;

namespace RecSys.Cli.Tests.Bench;

public sealed class TrainBenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-bench-test-").FullName;

    public static TheoryData<string> Models() => [.. CtrModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Run_EveryModelOfTheTwin_MeasuresIt(string model)
    {
        var comparison = new TrainComparison(Options(model) with { Rounds = 2 }, ["fp32"], ["train.batch_size=64"]);

        var line = Assert.Single(comparison.Run(againstTwin: false));

        Assert.Equal((model, 5000L, "fp32"), (line.Model, line.Rows, line.Precision));
        Assert.Equal(2, line.Rounds.Count);
        Assert.InRange(line.SamplesPerSecond, line.Rounds.Min(), line.Rounds.Max());
        Assert.InRange(line.Logloss, 0.1, 1);
        Assert.Null(line.PytorchTuned);
        Assert.Empty(line.Baselines);
    }

    // Of a gradient that is nothing but rounding, Adam and Adagrad with a small epsilon make a whole step to one side or the other: the rules here do not.
    [Theory]
    [MemberData(nameof(Models))]
    public void Train_TwinOfEveryModel_LearnsTheSame(string model)
    {
        var bench = new TrainBench(Options(model), ["train.batch_size=64", "dense_optimizer={name: sgd, learning_rate: 0.02}", "sparse_optimizer.epsilon=0.01"]);
        bench.WriteJob(_folder);

        var twin = PyTorchTwin.Train(_folder);

        Assert.Equal(bench.Run("fp32").Logloss, twin.Logloss, 1e-6);
    }

    [Fact]
    public void Train_TwinWithAdamAndAdagrad_LearnsTheSame()
    {
        double[] both = Train("sparse_optimizer={name: adagrad, learning_rate: 0.02}");

        Assert.Equal(both[0], both[1], 1e-6);
    }

    [Theory]
    [InlineData(0.3)]
    public void Train_TwinWithL2_LearnsTheSame(double l2)
    {
        double[] without = Train("sparse_optimizer={name: sgd, learning_rate: 2}");

        double[] with = Train(FormattableString.Invariant($"sparse_optimizer={{name: sgd, learning_rate: 2, l2: {l2}}}"));

        Assert.Equal(with[0], with[1], 1e-4);
        Assert.True(Math.Abs(with[0] - without[0]) > 1e-3);
    }

    [Theory]
    [InlineData(TwinVariant.SparseAdam)]
    [InlineData(TwinVariant.DenseAdam)]
    public void Train_TwinWithAdamAsInstalled_Trains(string optimizer)
    {
        new TrainBench(Options("deepfm"), ["train.batch_size=64"]).WriteJob(_folder);

        Assert.InRange(PyTorchTwin.Train(_folder, optimizer, TwinSettings.AsInstalled, 0)!.Logloss, 0.1, 1);
    }

    [Theory]
    [InlineData(1e-9)]
    public void Train_TwinOverItsTimeLimit_IsNoResult(double limit)
    {
        new TrainBench(Options("deepfm"), ["train.batch_size=64"]).WriteJob(_folder);

        Assert.Null(PyTorchTwin.Train(_folder, "job", TwinSettings.Tuned, limit));
    }

    [Theory]
    [InlineData("dense_optimizer={name: adam, weight_decay: 0.1}", "dense_optimizer")]
    [InlineData("dense_optimizer={name: adam, clip_norm: 1}", "dense_optimizer")]
    [InlineData("dense_optimizer={name: adagrad}", "dense_optimizer")]
    [InlineData("sparse_optimizer={name: row_wise_adagrad}", "sparse_optimizer")]
    [InlineData("sparse_optimizer.batch_aware_l2=0.1", "batch_aware_l2")]
    public void ThrowIfUnsupported_RuleThatTheTwinLacks_NamesIt(string setting, string key)
        => Assert.Contains(key, Assert.Throws<ConfigException>(() => TwinJob.ThrowIfUnsupported(new TrainBench(Options("lr"), ["train.batch_size=64", setting]).Configuration)).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Log loss here and in the twin.
    private double[] Train(string optimizer)
    {
        var bench = new TrainBench(Options("lr") with { Steps = 60 }, ["train.batch_size=64", optimizer]);
        bench.WriteJob(_folder);
        return [bench.Run("fp32").Logloss, PyTorchTwin.Train(_folder).Logloss];
    }

    private static TrainBenchOptions Options(string model) => new(model, 5000, WarmUpSteps: 2, Steps: 6, Rounds: 1);
}
