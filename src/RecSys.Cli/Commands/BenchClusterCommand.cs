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
        var json = CommonOptions.Json();
        var command = new Command("cluster", "Look-ups and updates of rows over HTTP, against rows in this process and in Redis, on this machine.") { rows, dimension, batch, repetitions, clients, json };
        command.SetAction(async (parsed, _) =>
        {
            var options = new ClusterBenchOptions(parsed.GetValue(rows), parsed.GetValue(dimension), parsed.GetValue(batch), parsed.GetValue(repetitions), parsed.GetValue(clients));
            if (options.Batch > options.Rows / 2)
                throw new ConfigException($"--batch is {options.Batch}; valid: at most half of the rows, {options.Rows / 2}");
            await RunAsync(options, parsed.GetValue(json), parsed.InvocationConfiguration.Output).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task RunAsync(ClusterBenchOptions options, bool json, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            using var bench = await ClusterBench.StartAsync(options, folder).ConfigureAwait(false);
            var lines = new JsonLines(output);
            var table = new MarkdownTable("side", "operation", "rows/s, median:", "rows/s, best:");
            var all = bench.Run(m =>
            {
                if (json)
                    lines.Write(ClusterMeasurement.Event, m);
                else
                    table.Add(m.Side, m.Operation, NumberFormat.Compact(m.RowsPerSecond), NumberFormat.Compact(m.BestRowsPerSecond));
            });
            if (json)
                WriteResult(options, all, lines);
            else
                await WriteTextAsync(all, table, bench.HasRedis, output).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void WriteResult(ClusterBenchOptions options, IReadOnlyList<ClusterMeasurement> all, JsonLines lines) => lines.Write("result", new
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
    });

    private static async Task WriteTextAsync(IReadOnlyList<ClusterMeasurement> all, MarkdownTable table, bool hasRedis, TextWriter output)
    {
        await output.WriteAsync(table.ToString()).ConfigureAwait(false);
        foreach (string operation in new[] { ClusterBench.Gather, ClusterBench.Apply })
        {
            string redis = hasRedis ? Text(Ratio(all, operation, ClusterBench.Redis)) + " × redis, " : "";
            await output.WriteLineAsync($"{operation}: http is {redis}{Text(Ratio(all, operation, ClusterBench.InProcess))} × in_process").ConfigureAwait(false);
        }

        if (!hasRedis)
            await output.WriteLineAsync("redis: left out, there is no redis-server in PATH; on Debian: apt-get install redis-server").ConfigureAwait(false);

        static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    }

    // Not a number where a side was not measured, which is null in JSON.
    private static double Ratio(IReadOnlyList<ClusterMeasurement> all, string operation, string baseline)
    {
        var by = all.Where(m => m.Operation == operation).ToDictionary(m => m.Side, m => m.RowsPerSecond);
        return by[ClusterBench.Http] / by.GetValueOrDefault(baseline, double.NaN);
    }
}
