using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;
using RecSys.Cluster.Buckets;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster status</c>: what the nodes hold.</summary>
internal static class ClusterStatusCommand
{
    public static Command Create() => ClusterCommand.Create(
        "status",
        "Shows the models on the nodes of cluster.nodes and cluster.copies, and nodes that do not answer.",
        [],
        async (parsed, nodes, json, cancellation) =>
        {
            var reports = await Task.WhenAll(nodes.All.Select(n => AskAsync(n, cancellation))).ConfigureAwait(false);
            var output = parsed.InvocationConfiguration.Output;
            if (json)
                WriteJson(new JsonLines(output), reports);
            else
                WriteTable(output, reports);
            return reports.All(r => r.Error is null) ? ExitCode.Success : ExitCode.Failure;
        });

    private static async Task<NodeReport> AskAsync(IShardNode node, CancellationToken cancellation)
    {
        try
        {
            List<ModelReport> models = [];
            foreach (string model in await node.ListAsync(cancellation).ConfigureAwait(false))
            {
                if (await node.FindAsync(model, cancellation).ConfigureAwait(false) is { } state)
                    models.Add(new ModelReport(model, state.Generation, state.Buckets.Count, state.Leaving.Count, state.Copies.Count, state.Copies.Select(c => c.AgeSeconds).DefaultIfEmpty().Max(), state.ByteCount, state.Growing));
            }

            return new NodeReport(node.Name, models, null);
        }
        catch (Exception e) when (e is IOException or ShardException)
        {
            return new NodeReport(node.Name, [], e.Message);
        }
    }

    private static void WriteJson(JsonLines lines, NodeReport[] reports)
    {
        foreach (var report in reports)
            lines.Write("node", report);
        lines.Write("result", new { Nodes = reports.Length, Answering = reports.Count(r => r.Error is null), Bytes = reports.Sum(r => r.Models.Sum(m => m.Bytes)) });
    }

    private static void WriteTable(TextWriter output, NodeReport[] reports)
    {
        var table = new MarkdownTable("node", "model", "buckets:", "leaving:", "copies:", "age:", "bytes:", "generation");
        foreach (var report in reports)
        {
            foreach (var model in report.Models)
                table.Add(report.Node, model.Model, NumberFormat.Count(model.Buckets), NumberFormat.Count(model.Leaving), NumberFormat.Count(model.Copies), model.Copies == 0 ? "" : $"{model.OldestCopySeconds:0} s", NumberFormat.Bytes(model.Bytes), $"{model.Generation:x16}");
            if (report.Models.Count == 0)
                table.Add(report.Node, report.Error ?? "no model", "", "", "", "", "", "");
        }

        output.Write(table.ToString());
        var growing = new MarkdownTable("node", "model", "growing table", "rows:", "capacity:", "admitted:", "evicted:", "waiting:", "rejected:");
        foreach (var report in reports)
        {
            foreach (var model in report.Models)
            {
                foreach (var t in model.Growing)
                    growing.Add(report.Node, model.Model, t.Table, NumberFormat.Count(t.Rows), NumberFormat.Count(t.Capacity), NumberFormat.Count(t.Admitted), NumberFormat.Count(t.Evicted), NumberFormat.Count(t.Waiting), NumberFormat.Count(t.Rejected));
            }
        }

        if (reports.Any(r => r.Models.Any(m => m.Growing.Count > 0)))
            output.Write($"\n{growing}");
    }

    private sealed record ModelReport(string Model, ulong Generation, int Buckets, int Leaving, int Copies, double OldestCopySeconds, long Bytes, IReadOnlyList<GrowingState> Growing);

    private sealed record NodeReport(string Node, IReadOnlyList<ModelReport> Models, string? Error);
}
