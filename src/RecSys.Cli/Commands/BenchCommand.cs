using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data.Configuration;
using RecSys.Torch;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench</c>: measurements against a baseline of the same run.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures against a baseline in the same run.") { CreateTrain(), CreateParity(), KernelsCommand.Create() };

    private static Command CreateTrain()
    {
        var rows = new Option<long>("--rows") { Description = "Ids of all fields together.", DefaultValueFactory = _ => 1_000_000 };
        var steps = new Option<int>("--steps") { Description = "Timed steps.", DefaultValueFactory = _ => 60 };
        var warmUp = new Option<int>("--warm-up") { Description = "Steps before the clock starts.", DefaultValueFactory = _ => 20 };
        var rounds = new Option<int>("--rounds") { Description = "Measurements of each side, in turn.", DefaultValueFactory = _ => 3 };
        var against = new Option<string>("--against") { Description = "Baseline: pytorch or none.", DefaultValueFactory = _ => "pytorch" };
        against.AcceptOnlyFromAmong("pytorch", "none");
        var set = CommonOptions.Set();
        var json = CommonOptions.Json();
        var command = new Command("train", "Training speed of DeepFM at the shape of the Criteo set: 39 fields × 16, batch 4096.") { rows, steps, warmUp, rounds, against, set, json };
        command.SetAction(parsed =>
        {
            var options = new TrainBenchOptions(parsed.GetValue(rows), parsed.GetValue(warmUp), parsed.GetValue(steps));
            var bench = new TrainBench(options, parsed.GetValue(set) ?? []);
            return RunTrain(bench, options, parsed.GetValue(rounds), parsed.GetValue(against) == "pytorch", parsed.GetValue(json), parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static int RunTrain(TrainBench bench, TrainBenchOptions options, int rounds, bool againstTwin, bool json, TextWriter output)
    {
        var lines = new JsonLines(output);
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            if (againstTwin)
                bench.WriteJob(folder);
            List<TrainBenchResult> ours = [];
            List<TrainBenchResult> twins = [];
            for (int round = 0; round < rounds; round++)
            {
                ours.Add(bench.Run());
                if (json)
                    lines.Write("recsys", ours[^1]);
                if (!againstTwin)
                    continue;
                twins.Add(TrainBench.RunTwin(folder));
                if (json)
                    lines.Write("pytorch", twins[^1]);
            }

            var runtime = RuntimeSetup.Report();
            var result = new
            {
                options.Rows,
                options.Steps,
                SamplesPerSecond = Median(ours.Select(r => r.SamplesPerSecond)),
                PytorchSamplesPerSecond = againstTwin ? Median(twins.Select(r => r.SamplesPerSecond)) : double.NaN,
                Ratio = againstTwin ? Median(ours.Zip(twins, (a, b) => a.SamplesPerSecond / b.SamplesPerSecond)) : double.NaN,
                Logloss = Median(ours.Select(r => r.LogLoss)),
                PytorchLogloss = againstTwin ? Median(twins.Select(r => r.LogLoss)) : double.NaN,
                AllocatedBytesPerStep = ours.Min(r => r.AllocatedBytesPerStep),
                Threads = runtime.ThreadCount,
                Blas = string.Join(", ", runtime.BlasLibraries),
                runtime.OpenBlasCore,
            };
            if (json)
                lines.Write("result", result);
            else
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"recsys {NumberFormat.Compact(result.SamplesPerSecond)} samples/s (logloss {result.Logloss:0.0000}), PyTorch {NumberFormat.Compact(result.PytorchSamplesPerSecond)} samples/s (logloss {result.PytorchLogloss:0.0000}), ratio {result.Ratio:0.00}"));
            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Command CreateParity()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var seeds = new Option<int>("--seeds") { Description = "Trainings to compare.", DefaultValueFactory = _ => 5 };
        var json = CommonOptions.Json();
        var command = new Command("parity", "Compares DeepFM or DIN with the same model in PyTorch: one step number by number, then whole trainings.") { config, set, experiment, seeds, json };
        command.SetAction(parsed => RunParity(
            parsed.GetRequiredValue(config), parsed.GetValue(set) ?? [], parsed.GetValue(experiment), parsed.GetValue(seeds), parsed.GetValue(json), parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int RunParity(string path, string[] overrides, string? experiment, int seeds, bool json, TextWriter output)
    {
        var lines = new JsonLines(output);
        string folder = Directory.CreateTempSubdirectory("recsys-parity-").FullName;
        try
        {
            List<(double Ours, double Twin)> aucs = [];
            for (int seed = 1; seed <= seeds; seed++)
            {
                var config = RunConfig.Load(path, [.. overrides, $"train.seed={seed}"], experiment);
                Check(config);
                var bench = new ParityBench(config, folder);
                if (seed == 1)
                    WriteErrors(bench.CompareGradients(), json ? lines : null, output);
                var (ours, twinAuc, twinLogLoss) = bench.CompareTraining();
                aucs.Add((ours.Auc, twinAuc));
                if (json)
                    lines.Write("seed", new { Seed = seed, ours.Auc, ours.LogLoss, PytorchAuc = twinAuc, PytorchLogLoss = twinLogLoss });
                else
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: AUC {ours.Auc:0.00000} logloss {ours.LogLoss:0.00000}, PyTorch AUC {twinAuc:0.00000} logloss {twinLogLoss:0.00000}"));
            }

            var (mean, deviation) = RunTable.Statistics(aucs.Select(a => a.Ours));
            var (twinMean, twinDeviation) = RunTable.Statistics(aucs.Select(a => a.Twin));
            if (json)
                lines.Write("result", new { Seeds = seeds, Auc = mean, AucDeviation = deviation, PytorchAuc = twinMean, PytorchAucDeviation = twinDeviation, Difference = mean - twinMean });
            else
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean of {seeds} seeds: AUC {mean:0.00000} ± {deviation:0.00000}, PyTorch {twinMean:0.00000} ± {twinDeviation:0.00000}, difference {mean - twinMean:0.00000}"));
            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void WriteErrors(IReadOnlyDictionary<string, double> errors, JsonLines? lines, TextWriter output)
    {
        var worst = errors.MaxBy(e => e.Value);
        if (lines is not null)
            lines.Write("gradients", new { Tensors = errors.Count, Worst = worst.Key, LargestRelativeError = worst.Value });
        else
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one step: {errors.Count} tensors, largest relative error {worst.Value:0.0e+0} ({worst.Key})"));
    }

    // The twin has DeepFM and DIN over full tables, Adam, and one of three sparse optimisers.
    private static void Check(RunConfig config)
    {
        if (config.Model.Name is not ("deepfm" or "din"))
            throw config.Root.Error("model", $"the PyTorch twin has the models deepfm and din, not '{config.Model.Name}'");
        if (config.Embedding.Method.Method.Name != "full")
            throw config.Root.Error("embedding", "the PyTorch twin has the method full only");
        if (config.DenseOptimizer.Name != "adam" || config.SparseOptimizer.Name is not ("adagrad" or "lazy_adam" or "sgd"))
            throw config.Root.Error("sparse_optimizer", "the PyTorch twin has the dense optimiser adam and the sparse optimisers adagrad, lazy_adam and sgd");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
