using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Training.Models;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench train</c>: training speed, and quality after the same samples, against PyTorch.</summary>
internal static class BenchTrainCommand
{
    // Above this difference of logloss the two sides did not learn the same, and their speeds cannot be compared.
    private const double LoglossTolerance = 0.001;

    public static Command Create()
    {
        var model = new Option<string[]>("--model") { Description = $"Models, any of {string.Join(", ", CtrModels.Names)}.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["deepfm"] };
        model.AcceptOnlyFromAmong([.. CtrModels.Names]);
        var rows = new Option<long[]>("--rows") { Description = "Ids of all fields together, one or more numbers.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1_000_000] };
        var precision = new Option<string[]>("--precision") { Description = "Precisions of this project, fp32 and bf16; PyTorch computes in fp32.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["fp32"] };
        precision.AcceptOnlyFromAmong("fp32", "bf16");
        var steps = CommonOptions.Count("--steps", "Timed steps.", 60);
        var warmUp = CommonOptions.Count("--warm-up", "Steps before the clock starts.", 20);
        var rounds = CommonOptions.Count("--rounds", "Measurements of each side, in turn.", 3);
        var against = new Option<string>("--against") { Description = "Baseline: pytorch or none.", DefaultValueFactory = _ => "pytorch" };
        against.AcceptOnlyFromAmong("pytorch", "none");
        var file = new Option<string?>("--out") { Description = "File that the results are appended to, as JSON lines." };
        var set = CommonOptions.Set();
        var json = CommonOptions.Json();
        var command = new Command("train", "Training speed in memory, batch 4096 × 16 dimensions: 39 fields as in the Criteo set, for DIN a shop with histories.")
        {
            model, rows, precision, steps, warmUp, rounds, against, file, set, json,
        };
        command.SetAction(parsed =>
        {
            var options = parsed.GetRequiredValue(model).Distinct().SelectMany(_ => parsed.GetRequiredValue(rows).Distinct(), (name, count)
                => new TrainBenchOptions(name, count, parsed.GetValue(warmUp), parsed.GetValue(steps), parsed.GetValue(rounds)));
            var configuration = parsed.InvocationConfiguration;
            var lines = new JsonLines(configuration.Output);
            List<TrainBenchLine> results = [];
            foreach (var one in options)
            {
                var comparison = new TrainComparison(one, parsed.GetRequiredValue(precision), parsed.GetValue(set) ?? [])
                {
                    OnMeasurement = parsed.GetValue(json) ? lines.Write : null,
                };
                foreach (var result in comparison.Run(parsed.GetValue(against) == "pytorch"))
                {
                    results.Add(result);
                    Report(result, parsed.GetValue(json) ? lines : null, parsed.GetValue(file), configuration.Error);
                }
            }

            if (!parsed.GetValue(json))
                configuration.Output.Write(SpeedTable.Render(results));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Report(TrainBenchLine result, JsonLines? lines, string? path, TextWriter error)
    {
        lines?.Write("result", result);
        if (path is not null)
        {
            using var writer = File.AppendText(path);
            new JsonLines(writer).Write("result", result);
        }

        foreach ((string optimizer, string reason) in result.LeftOut)
            error.WriteLine($"{result.Model}, {NumberFormat.Compact(result.Rows)} rows: {optimizer} was left out: it {reason}");
        if (result.LoglossDifference > LoglossTolerance)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"warning: {result.Model}, {NumberFormat.Compact(result.Rows)} rows, {result.Precision}: logloss differs from PyTorch's by {result.LoglossDifference:0.0000}, more than {LoglossTolerance}"));
    }
}
