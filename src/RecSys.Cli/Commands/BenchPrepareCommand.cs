using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench prepare</c>: speed of preparing raw data, against a plain copy by DuckDB.</summary>
internal static class BenchPrepareCommand
{
    public static Command Create()
    {
        var rows = CommonOptions.Count("--rows", "Rows of the CSV file.", 500_000);
        var ids = new Option<long>("--ids") { Description = "Ids of all fields together.", DefaultValueFactory = _ => 1_000_000 };
        var rounds = CommonOptions.Count("--rounds", "Measurements of each side, in turn.", 3);
        var json = CommonOptions.Json();
        var command = new Command("prepare", "Speed of 'prepare' on a generated CSV file at the shape of the Criteo set, against DuckDB's COPY of it to Parquet.") { rows, ids, rounds, json };
        command.SetAction(parsed => Run(parsed.GetValue(rows), parsed.GetValue(ids), parsed.GetValue(rounds), parsed.GetValue(json), parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Run(int rows, long ids, int rounds, bool json, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            var bench = new PrepareBench(folder, rows, ids);
            var times = Enumerable.Range(0, rounds).Select(_ => (Prepare: bench.Prepare(), Copy: bench.Copy())).ToList();
            double ours = rows / Median.Of(times.Select(t => t.Prepare));
            double copy = rows / Median.Of(times.Select(t => t.Copy));
            double ratio = Median.Of(times.Select(t => t.Copy / t.Prepare));
            if (json)
                new JsonLines(output).Write("result", new { Bench = "prepare", Rows = rows, bench.ByteCount, RowsPerSecond = ours, DuckdbCopyRowsPerSecond = copy, Ratio = ratio });
            else
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"prepare {NumberFormat.Compact(ours)} rows/s, DuckDB's COPY to Parquet {NumberFormat.Compact(copy)} rows/s, ratio {ratio:0.00} ({NumberFormat.Compact(rows)} rows, {NumberFormat.Bytes(bench.ByteCount)} of CSV)"));
            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
