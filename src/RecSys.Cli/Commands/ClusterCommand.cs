using System.CommandLine;
using RecSys.Cluster;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster</c>: embedding rows on several nodes.</summary>
internal static class ClusterCommand
{
    public static Command Create() => new("cluster", "Embedding rows on several nodes.")
    {
        ServeShardCommand.Create(),
        ClusterPlanCommand.Create(),
        ClusterStatusCommand.Create(),
        ClusterReshardCommand.Create(),
        ClusterSnapshotCommand.Create(),
        ClusterRestoreCommand.Create(),
        ClusterReplicateCommand.Create(),
        ClusterDeleteCommand.Create(),
    };

    /// <summary>The argument MODEL.</summary>
    public static Argument<string> Model() => new("model") { Description = "Name of the model, as 'recsys cluster status' shows it." };

    /// <summary>A command on the nodes of a configuration.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="own">Its arguments and options, besides CONFIG, <c>--set</c>, <c>--experiment</c> and <c>--json</c>.</param>
    /// <param name="run">Runs it, with the nodes and those for copies.</param>
    public static Command Create(string name, string description, IReadOnlyList<Symbol> own, Func<ParseResult, ClusterNodes, bool, CancellationToken, Task<int>> run)
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var command = new Command(name, description) { config };
        foreach (var symbol in own)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }

        command.Add(set);
        command.Add(experiment);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            var cluster = RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment)).Cluster;
            using var nodes = new ClusterNodes(cluster);
            return await run(parsed, nodes, parsed.GetValue(json), cancellation).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Names of an option, <c>a,b,c</c>, or of all nodes.</summary>
    /// <param name="text">The option's value; null for all.</param>
    /// <param name="nodes">All nodes.</param>
    public static string[] Names(string? text, IReadOnlyList<IShardNode> nodes)
        => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. nodes.Select(n => n.Name)];
}
