using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Training.Configuration;
using RecSys.Training.Models;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench parity</c>: the same model here and in PyTorch, number by number.</summary>
internal static class BenchParityCommand
{
    // One step in fp32 differs by rounding only; a larger relative error means that the two compute different things.
    private const double GradientTolerance = 1e-4;

    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var seeds = CommonOptions.Count("--seeds", "Trainings to compare.", 5);
        var json = CommonOptions.Json();
        var command = new Command("parity", $"Compares a model ({string.Join(", ", CtrModels.Names)}) with the same one in PyTorch: one step number by number, then whole trainings.") { config, set, experiment, seeds, json };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(config), parsed.GetValue(set) ?? [], parsed.GetValue(experiment), parsed.GetValue(seeds), parsed.GetValue(json), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(string path, string[] overrides, string? experiment, int seeds, bool json, InvocationConfiguration streams)
    {
        var output = streams.Output;
        var lines = new JsonLines(output);
        string folder = Directory.CreateTempSubdirectory("recsys-parity-").FullName;
        try
        {
            List<(double Ours, double Twin)> aucs = [];
            bool isEqual = true;
            for (int seed = 1; seed <= seeds; seed++)
            {
                // The twin computes every batch as a whole.
                var config = RunConfig.Load(path, [.. overrides, "train.max_history_ids=0", $"train.seed={seed}"], experiment);
                TwinJob.ThrowIfUnsupported(config);
                var bench = new ParityBench(config, folder);
                if (seed == 1)
                    isEqual = WriteErrors(bench.CompareGradients(), json ? lines : null, output);
                var (ours, twin) = bench.CompareTraining();
                aucs.Add((ours.Auc, twin.Auc));
                if (json)
                    lines.Write("seed", new { Seed = seed, ours.Auc, Logloss = ours.LogLoss, PytorchAuc = twin.Auc, PytorchLogloss = twin.Logloss });
                else
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: AUC {ours.Auc:0.00000} logloss {ours.LogLoss:0.00000}, PyTorch AUC {twin.Auc:0.00000} logloss {twin.Logloss:0.00000}"));
            }

            var (mean, deviation) = RunTable.Statistics(aucs.Select(a => a.Ours));
            var (twinMean, twinDeviation) = RunTable.Statistics(aucs.Select(a => a.Twin));
            if (json)
                lines.Write("result", new { Seeds = seeds, Auc = mean, AucDeviation = deviation, PytorchAuc = twinMean, PytorchAucDeviation = twinDeviation, Difference = mean - twinMean });
            else
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean of {seeds} seeds: AUC {mean:0.00000} ± {deviation:0.00000}, PyTorch {twinMean:0.00000} ± {twinDeviation:0.00000}, difference {mean - twinMean:0.00000}"));
            if (!isEqual)
                streams.Error.WriteLine($"error: one step differs from PyTorch's by more than {GradientTolerance}");
            return isEqual ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool WriteErrors(IReadOnlyDictionary<string, double> errors, JsonLines? lines, TextWriter output)
    {
        var worst = errors.MaxBy(e => e.Value);
        if (lines is not null)
            lines.Write("gradients", new { Tensors = errors.Count, Worst = worst.Key, LargestRelativeError = worst.Value });
        else
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one step: {errors.Count} tensors, largest relative error {worst.Value:0.0e+0} ({worst.Key})"));
        return worst.Value <= GradientTolerance;
    }
}
