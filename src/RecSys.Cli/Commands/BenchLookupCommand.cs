using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench lookup</c>: vectors from <c>recsys serve</c> against Redis, and in this process against a loop in C.</summary>
internal static class BenchLookupCommand
{
    private static readonly int[] s_batches = [1, 26, 2600];

    public static Command Create()
    {
        var ids = CommonOptions.Count("--ids", "About so many ids.", 1_000_000);
        var calls = CommonOptions.Count("--calls", "Calls of each side per batch size.", 5000);
        var json = CommonOptions.Json();
        var command = new Command("lookup", "Look-ups of vectors from a server of a run against Redis, and in this process against a loop in C.") { ids, calls, json };
        command.SetAction(parsed =>
        {
            Run(parsed.GetValue(ids), parsed.GetValue(calls), parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(int ids, int calls, bool json, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            using var bench = new LookupBench(folder, ids);
            var lines = new JsonLines(output);
            var table = new MarkdownTable("side", "ids:", "rows/s:", "p50, µs:", "p99, µs:", "p99.9, µs:");
            var gather = bench.MeasureGather();
            if (json)
                lines.Write("gather", gather);
            List<LookupBench.Measurement> all = [];
            foreach (int batch in s_batches)
            {
                foreach (var m in bench.Run(batch, calls))
                {
                    all.Add(m);
                    if (json)
                        lines.Write("measurement", m);
                    else
                        table.Add(m.Side, m.Batch.ToString(CultureInfo.InvariantCulture), NumberFormat.Compact(m.RowsPerSecond), Text(m.P50), Text(m.P99), Text(m.P999));
                }
            }

            if (json)
                lines.Write("result", new { Bench = "lookup", Ids = ids, Calls = calls, RowsToRedis2600 = Ratio(all, 2600, m => m.RowsPerSecond), P99ToRedis26 = Ratio(all, 26, m => m.P99), GatherToC = gather.Ratio });
            else
                output.Write($"{table}\nin this process: {NumberFormat.Compact(gather.RowsPerSecond)} rows/s, {gather.Ratio:0.00} of a loop in C that copies the same rows\n");
            if (!json && !bench.HasRedis)
                output.WriteLine("redis: left out, there is no redis-server in PATH; on Debian: apt-get install redis-server");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Text(double value) => value.ToString("0", CultureInfo.InvariantCulture);
    }

    // Not a number without Redis, which is null in JSON.
    private static double Ratio(List<LookupBench.Measurement> all, int batch, Func<LookupBench.Measurement, double> value)
    {
        var by = all.Where(m => m.Batch == batch).ToDictionary(m => m.Side, value);
        return by[LookupBench.Serve] / by.GetValueOrDefault(LookupBench.Redis, double.NaN);
    }
}
