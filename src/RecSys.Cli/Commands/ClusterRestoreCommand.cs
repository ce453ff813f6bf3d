using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cluster;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster restore</c>: the rows of snapshots onto any number of nodes.</summary>
internal static class ClusterRestoreCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("snapshot") { Description = "Folder of a snapshot, and those of the deltas that follow it, in order.", Arity = ArgumentArity.OneOrMore };
        var replace = new Option<bool>("--replace") { Description = "Replaces what the nodes have of the model." };
        return ClusterCommand.Create(
            "restore",
            "Puts the rows of a snapshot on the nodes of cluster.nodes, however many have written it.",
            [folders, replace],
            async (parsed, nodes, json, cancellation) =>
            {
                SnapshotFolder[] chain = [.. parsed.GetRequiredValue(folders).Select(SnapshotFolder.Open)];
                string model = chain[0].Model.Name;
                var states = await Task.WhenAll(nodes.Owners.Select(n => n.FindAsync(model, cancellation))).ConfigureAwait(false);
                if (!parsed.GetValue(replace) && Array.FindIndex(states, s => s is not null) is >= 0 and var holder)
                    throw new ArgumentException($"Node '{nodes.Owners[holder].Name}' has a model '{model}'; --replace forgets it.");
                await SnapshotFolder.RestoreAsync(chain, nodes.Owners, nodes.Pins, cancellation).ConfigureAwait(false);
                var output = parsed.InvocationConfiguration.Output;
                if (json)
                    new JsonLines(output).Write("result", new { Model = model, Nodes = nodes.Owners.Count });
                else
                    await output.WriteLineAsync($"{model} is on {string.Join(", ", nodes.Owners.Select(n => n.Name))}").ConfigureAwait(false);
                return ExitCode.Success;
            });
    }
}
