using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench cluster</c>: rows over HTTP against rows in this process and in Redis.</summary>
internal static class BenchClusterCommand
{
    public static Command Create()
    {
        var rows = CommonOptions.Count("--rows", "Rows of the table.", 1_000_000);
        var dimension = CommonOptions.Count("--dimension", "Numbers per row.", 16);
        var batch = CommonOptions.Count("--batch", "Distinct random rows per call.", 50_000);
        var repetitions = CommonOptions.Count("--repetitions", "Measurements of each side, in turn.", 7);
        var clients = CommonOptions.Count("--clients", "Clients that call at the same time.", 1);
        var trainRounds = new Option<int>("--train-rounds") { Description = "Trainings of each side, in turn: rows in this process, and on shard servers. 0 leaves them out.", DefaultValueFactory = _ => 3 };
        var nodes = CommonOptions.Count("--train-nodes", "Shard servers of the trainings.", 3);
        var staleness = CommonOptions.Count("--train-staleness", "How many steps old the rows of a step may be in the trainings.", 2);
        var json = CommonOptions.Json();
        var command = new Command("cluster", "Look-ups and updates of rows over HTTP, against rows in this process and in Redis, and training with rows on shard servers, all on this machine.")
        {
            rows, dimension, batch, repetitions, clients, trainRounds, nodes, staleness, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var options = new ClusterBenchOptions(parsed.GetValue(rows), parsed.GetValue(dimension), parsed.GetValue(batch), parsed.GetValue(repetitions), parsed.GetValue(clients));
            if (options.Batch > options.Rows / 2)
                throw new ConfigException($"--batch is {options.Batch}; valid: at most half of the rows, {options.Rows / 2}");
            var training = new TrainingOptions(parsed.GetValue(trainRounds), parsed.GetValue(nodes), parsed.GetValue(staleness));
            await RunAsync(options, training, parsed.GetValue(json), parsed.InvocationConfiguration.Output).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private sealed record TrainingOptions(int Rounds, int Nodes, int Staleness);

    private static async Task RunAsync(ClusterBenchOptions options, TrainingOptions training, bool json, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            var lines = new JsonLines(output);
            var table = new MarkdownTable("side", "operation", "rows/s, median:", "rows/s, best:");
            (var all, bool hasRedis) = await MeasureRowsAsync(options, folder, m =>
            {
                if (json)
                    lines.Write(ClusterMeasurement.Event, m);
                else
                    table.Add(m.Side, m.Operation, NumberFormat.Compact(m.RowsPerSecond), NumberFormat.Compact(m.BestRowsPerSecond));
            }).ConfigureAwait(false);
            var rounds = MeasureTraining(training, folder, round =>
            {
                if (json)
                    lines.Write("training", round);
            });
            if (json)
                WriteResult(options, training, all, rounds, lines);
            else
                await WriteTextAsync(all, table, hasRedis, training, rounds, output).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The servers of the rows are gone before the training begins.
    private static async Task<(IReadOnlyList<ClusterMeasurement> All, bool HasRedis)> MeasureRowsAsync(ClusterBenchOptions options, string folder, Action<ClusterMeasurement> report)
    {
        using var bench = await ClusterBench.StartAsync(options, folder).ConfigureAwait(false);
        return (bench.Run(report), bench.HasRedis);
    }

    private static List<ClusterTrainBench.Round> MeasureTraining(TrainingOptions options, string folder, Action<ClusterTrainBench.Round> report)
    {
        if (options.Rounds == 0)
            return [];
        using var bench = new ClusterTrainBench(folder, options.Nodes, options.Staleness);
        List<ClusterTrainBench.Round> rounds = [];
        for (int i = 0; i < options.Rounds; i++)
        {
            rounds.Add(bench.Run(i));
            report(rounds[^1]);
        }

        return rounds;
    }

    private static void WriteResult(
        ClusterBenchOptions options, TrainingOptions training, IReadOnlyList<ClusterMeasurement> all, List<ClusterTrainBench.Round> rounds, JsonLines lines) => lines.Write("result", new
    {
        Bench = "cluster",
        options.Rows,
        options.Dimension,
        options.Batch,
        options.Repetitions,
        options.Clients,
        GatherHttpToInProcess = Ratio(all, ClusterBench.Gather, ClusterBench.InProcess),
        ApplyHttpToInProcess = Ratio(all, ClusterBench.Apply, ClusterBench.InProcess),
        GatherHttpToRedis = Ratio(all, ClusterBench.Gather, ClusterBench.Redis),
        ApplyHttpToRedis = Ratio(all, ClusterBench.Apply, ClusterBench.Redis),
        TrainNodes = training.Nodes,
        TrainStaleness = training.Staleness,
        TrainRemoteToLocal = rounds.Count > 0 ? Median.Of(rounds.Select(r => r.Ratio)) : double.NaN,
    });

    private static async Task WriteTextAsync(
        IReadOnlyList<ClusterMeasurement> all, MarkdownTable table, bool hasRedis, TrainingOptions training, List<ClusterTrainBench.Round> rounds, TextWriter output)
    {
        await output.WriteAsync(table.ToString()).ConfigureAwait(false);
        foreach (string operation in new[] { ClusterBench.Gather, ClusterBench.Apply })
        {
            string redis = hasRedis ? Text(Ratio(all, operation, ClusterBench.Redis)) + " × redis, " : "";
            await output.WriteLineAsync($"{operation}: http is {redis}{Text(Ratio(all, operation, ClusterBench.InProcess))} × in_process").ConfigureAwait(false);
        }

        if (!hasRedis)
            await output.WriteLineAsync("redis: left out, there is no redis-server in PATH; on Debian: apt-get install redis-server").ConfigureAwait(false);

        if (rounds.Count > 0)
            await output.WriteLineAsync($"training, {training.Nodes} shard servers, staleness {training.Staleness}: {Text(Median.Of(rounds.Select(r => r.Ratio)))} × rows in this process ({string.Join(", ", rounds.Select(r => Text(r.Ratio)))})").ConfigureAwait(false);

        static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    }

    // Not a number where a side was not measured, which is null in JSON.
    private static double Ratio(IReadOnlyList<ClusterMeasurement> all, string operation, string baseline)
    {
        var by = all.Where(m => m.Operation == operation).ToDictionary(m => m.Side, m => m.RowsPerSecond);
        return by[ClusterBench.Http] / by.GetValueOrDefault(baseline, double.NaN);
    }
}
