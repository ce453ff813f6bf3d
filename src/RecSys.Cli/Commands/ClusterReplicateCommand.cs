using System.CommandLine;
using System.Diagnostics;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster replicate</c>: copies of rows on other nodes, kept up to date.</summary>
internal static class ClusterReplicateCommand
{
    public static Command Create()
    {
        var model = ClusterCommand.Model();
        var to = new Option<string>("--to") { Description = "Names of the nodes for copies: a,b,c. Those of cluster.copies by default, or all where there are none." };
        var copies = CommonOptions.Count("--copies", "Copies of every bucket, each on another node than its own.", 1);
        var interval = new Option<double>("--interval") { Description = "Seconds between two rounds; 0 makes one and ends.", DefaultValueFactory = _ => 0 };
        interval.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 3600))
                result.AddError("--interval is 0 … 3600 seconds.");
        });
        return ClusterCommand.Create(
            "replicate",
            "Copies the rows of a model to other nodes, for reading, and keeps the copies up to date while it is trained.",
            [model, to, copies, interval],
            async (parsed, nodes, json, cancellation) =>
            {
                string[] targets = ClusterCommand.Names(parsed.GetValue(to), nodes.Copies.Count > 0 ? nodes.Copies : nodes.All);
                string folder = Directory.CreateTempSubdirectory("recsys-replicate-").FullName;
                try
                {
                    var replication = new Replication(nodes.All, parsed.GetRequiredValue(model), folder);
                    await RunAsync(replication, targets, parsed.GetValue(copies), TimeSpan.FromSeconds(parsed.GetValue(interval)), json, parsed.InvocationConfiguration.Output, cancellation).ConfigureAwait(false);
                    return ExitCode.Success;
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            });
    }

    private static async Task RunAsync(Replication replication, string[] targets, int copies, TimeSpan interval, bool json, TextWriter output, CancellationToken cancellation)
    {
        var lines = new JsonLines(output);
        do
        {
            long started = Stopwatch.GetTimestamp();
            var round = await replication.RunAsync(targets, copies, cancellation).ConfigureAwait(false);
            var time = Stopwatch.GetElapsedTime(started);
            if (json)
                lines.Write(interval == TimeSpan.Zero ? "result" : "round", new { round.Whole, round.Deltas, round.Bytes, Seconds = time.TotalSeconds });
            else
                await output.WriteLineAsync($"{round.Whole} whole buckets, {round.Deltas} deltas, {NumberFormat.Bytes(round.Bytes)}, {time.TotalSeconds:0.0} s").ConfigureAwait(false);
            if (interval > time)
                await Task.Delay(interval - time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (interval > TimeSpan.Zero && !cancellation.IsCancellationRequested);
    }
}
