using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cluster;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster plan</c>: what every node will hold, before anything is allocated or asked.</summary>
internal static class ClusterPlanCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var explain = new Option<bool>("--explain") { Description = "Shows every table on every node too." };
        var json = CommonOptions.Json();
        var command = new Command("plan", "Shows the bytes that every node of cluster.nodes will hold while training.") { config, set, experiment, explain, json };
        command.SetAction(parsed =>
        {
            var run = RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment));
            using var network = CtrNetwork.Create(run, run.Dataset.Open().Schema);
            var model = new ShardedModel("plan", network.Embeddings.Tables, run.SparseOptimizer.Name, run.SparseOptimizer.Options, (ulong)run.Train.Seed, run.Cluster.BucketCount);
            string[] nodes = [.. run.Cluster.Nodes.Keys];
            if (nodes.Length == 0)
                throw run.Root.Error("cluster.nodes", "is missing; valid: {NAME: http://HOST:PORT, …}");
            var shares = Share(model, nodes, run.Cluster.Pins);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                WriteJson(new JsonLines(output), shares);
            else
                WriteTables(output, shares, parsed.GetValue(explain));
            return ExitCode.Success;
        });
        return command;
    }

    private static List<NodeShare> Share(ShardedModel model, string[] nodes, IReadOnlyDictionary<int, string> pins)
    {
        // Buckets are placed by the name of the model, which a run derives from its folder; any name gives the same numbers of buckets.
        int[] placed = Placement.Place(model.Name, model.BucketCount, nodes, pins);
        return [.. nodes.Select((node, n) =>
        {
            int[] buckets = [.. Enumerable.Range(0, placed.Length).Where(b => placed[b] == n)];
            return new NodeShare(node, buckets.Length, buckets.Count(pins.ContainsKey), [.. model.Tables.Select((table, t) =>
            {
                long rows = buckets.Sum(b => model.BucketsOf(t).RowCountOf(b));
                long mask = table.Mask is null ? 0 : (long)((double)table.Mask.ByteCount / table.RowCount * rows);
                long values = table.Mask is null ? rows * table.RowByteCount : (long)((double)table.ByteCount / table.RowCount * rows);
                return new TableShare(table.Name, rows, values, rows * model.StateWidthOf(t) * sizeof(float), mask + (rows / 8));
            })]);
        })];
    }

    private static void WriteJson(JsonLines lines, List<NodeShare> shares)
    {
        foreach (var share in shares)
            lines.Write("node", share);
        lines.Write("result", new { Nodes = shares.Count, Bytes = shares.Sum(s => s.Bytes), LargestNodeBytes = shares.Max(s => s.Bytes) });
    }

    private static void WriteTables(TextWriter output, List<NodeShare> shares, bool explain)
    {
        var table = new MarkdownTable("node", "buckets:", "pinned:", "rows:", "rows, bytes:", "optimiser, bytes:", "masks and notes:", "bytes:");
        foreach (var share in shares)
            table.Add(share.Node, NumberFormat.Count(share.Buckets), NumberFormat.Count(share.Pinned), NumberFormat.Count(share.Tables.Sum(t => t.Rows)), NumberFormat.Bytes(share.Tables.Sum(t => t.RowBytes)), NumberFormat.Bytes(share.Tables.Sum(t => t.StateBytes)), NumberFormat.Bytes(share.Tables.Sum(t => t.OtherBytes)), NumberFormat.Bytes(share.Bytes));
        output.Write(table.ToString());
        if (!explain)
            return;
        var parts = new MarkdownTable("node", "table", "rows:", "rows, bytes:", "optimiser, bytes:");
        foreach (var share in shares)
        {
            foreach (var part in share.Tables)
                parts.Add(share.Node, part.Table, NumberFormat.Count(part.Rows), NumberFormat.Bytes(part.RowBytes), NumberFormat.Bytes(part.StateBytes));
        }

        output.Write($"\n{parts}");
    }

    private sealed record TableShare(string Table, long Rows, long RowBytes, long StateBytes, long OtherBytes);

    private sealed record NodeShare(string Node, int Buckets, int Pinned, IReadOnlyList<TableShare> Tables)
    {
        public long Bytes => Tables.Sum(t => t.RowBytes + t.StateBytes + t.OtherBytes);
    }
}
