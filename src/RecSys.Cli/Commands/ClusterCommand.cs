using System.CommandLine;

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
    };
}
