using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster snapshot</c>: the rows of a model into a folder.</summary>
internal static class ClusterSnapshotCommand
{
    public static Command Create()
    {
        var model = ClusterCommand.Model();
        var folder = new Option<string>("--out") { Description = "Folder of the snapshot.", Required = true };
        var delta = new Option<bool>("--delta") { Description = "Writes the rows that have changed since the last snapshot, instead of all." };
        return ClusterCommand.Create(
            "snapshot",
            "Writes the rows of a model, with the state of their optimiser, into a folder while it is trained and read.",
            [model, folder, delta],
            async (parsed, nodes, json, cancellation) =>
            {
                ulong chain = parsed.GetValue(delta) ? 0 : Shard.NewGeneration();
                var snapshot = await SnapshotFolder.WriteAsync(parsed.GetRequiredValue(folder), nodes.Owners, parsed.GetRequiredValue(model), chain, cancellation).ConfigureAwait(false);
                long bytes = Directory.EnumerateFiles(snapshot.Path).Sum(f => new FileInfo(f).Length);
                var output = parsed.InvocationConfiguration.Output;
                if (json)
                    new JsonLines(output).Write("result", new { Model = snapshot.Model.Name, snapshot.Link.Number, Bytes = bytes });
                else
                    await output.WriteLineAsync($"{snapshot.Model.Name}: {(snapshot.Link.Number == 0 ? "all rows" : $"delta {snapshot.Link.Number}")}, {NumberFormat.Bytes(bytes)} in {snapshot.Path}").ConfigureAwait(false);
                return ExitCode.Success;
            });
    }
}
