using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster reshard</c>: moves buckets, so that other nodes hold a model.</summary>
internal static class ClusterReshardCommand
{
    public static Command Create()
    {
        var model = ClusterCommand.Model();
        var to = new Option<string>("--to") { Description = "Names of the nodes that are to hold it: a,b,c. All nodes of cluster.nodes by default." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Shows what would move, and moves nothing." };
        return ClusterCommand.Create(
            "reshard",
            "Moves buckets of a model between the nodes of cluster.nodes while it is trained and read. A move that was interrupted is ended by the same command.",
            [model, to, dryRun],
            async (parsed, nodes, json, cancellation) =>
            {
                string[] targets = ClusterCommand.Names(parsed.GetValue(to), nodes.Owners);
                await RunAsync(new Resharding(nodes.Owners, nodes.Pins), parsed.GetRequiredValue(model), targets, parsed.GetValue(dryRun), json, parsed.InvocationConfiguration.Output, cancellation).ConfigureAwait(false);
                return ExitCode.Success;
            });
    }

    private static async Task RunAsync(Resharding resharding, string model, string[] targets, bool dryRun, bool json, TextWriter output, CancellationToken cancellation)
    {
        var moves = await resharding.PlanAsync(model, targets, cancellation).ConfigureAwait(false);
        var lines = new JsonLines(output);
        string folder = Directory.CreateTempSubdirectory("recsys-reshard-").FullName;
        try
        {
            if (!dryRun)
                await resharding.RunAsync(model, moves, folder, json ? m => lines.Write("move", m) : null, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        if (json)
            lines.Write("result", new { Model = model, Moves = moves.Count, DryRun = dryRun });
        else
            await output.WriteAsync(Table(moves)).ConfigureAwait(false);
    }

    private static string Table(IReadOnlyList<Resharding.Move> moves)
    {
        var table = new MarkdownTable("from", "to", "buckets:");
        foreach (var move in moves.GroupBy(m => (m.From, m.To)).OrderBy(g => g.Key.From, StringComparer.Ordinal).ThenBy(g => g.Key.To, StringComparer.Ordinal))
            table.Add(move.Key.From, move.Key.To, NumberFormat.Count(move.Count()));
        return moves.Count == 0 ? "nothing has to move\n" : table.ToString();
    }
}
