using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster reshard</c>: moves buckets, so that other nodes hold a model.</summary>
internal static class ClusterReshardCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var model = new Argument<string>("model") { Description = "Name of the model, as 'recsys cluster status' shows it." };
        var to = new Option<string>("--to") { Description = "Names of the nodes that are to hold it: a,b,c. All nodes of cluster.nodes by default." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Shows what would move, and moves nothing." };
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var command = new Command("reshard", "Moves buckets of a model between the nodes of cluster.nodes while it is trained and read. A move that was interrupted is ended by the same command.") { config, model, to, dryRun, set, experiment, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var cluster = RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment)).Cluster;
            string[] targets = parsed.GetValue(to)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. cluster.Nodes.Keys];
            var nodes = cluster.Connect();
            try
            {
                await RunAsync(new Resharding(nodes), parsed.GetRequiredValue(model), targets, parsed.GetValue(dryRun), parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellation).ConfigureAwait(false);
                return ExitCode.Success;
            }
            finally
            {
                foreach (var node in nodes)
                    node.Dispose();
            }
        });
        return command;
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
