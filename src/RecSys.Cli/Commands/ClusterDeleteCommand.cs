using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cluster;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster delete</c>: the rows of a model off the nodes.</summary>
internal static class ClusterDeleteCommand
{
    public static Command Create()
    {
        var model = ClusterCommand.Model();
        return ClusterCommand.Create(
            "delete",
            "Deletes the rows of a model from all nodes, on their disks too: those that training has left there (cluster.keep_rows), or a trainer that was killed.",
            [model],
            async (parsed, nodes, json, cancellation) =>
            {
                string name = parsed.GetRequiredValue(model);
                var states = await Task.WhenAll(nodes.All.Select(n => n.FindAsync(name, cancellation))).ConfigureAwait(false);
                string[] holders = [.. nodes.All.Zip(states).Where(n => n.Second is not null).Select(n => n.First.Name)];
                if (holders.Length == 0)
                    throw new ShardException(ShardErrorKind.NotFound, $"No node has a model '{name}'.");
                await Task.WhenAll(nodes.All.Select(n => n.DeleteAsync(name, cancellation))).ConfigureAwait(false);
                var output = parsed.InvocationConfiguration.Output;
                if (json)
                    new JsonLines(output).Write("result", new { Model = name, Nodes = holders });
                else
                    await output.WriteLineAsync($"{name}: deleted from {string.Join(", ", holders)}").ConfigureAwait(false);
                return ExitCode.Success;
            });
    }
}
