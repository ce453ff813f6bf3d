using RecSys.Cluster;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Data.Configuration;

namespace RecSys.Training.Tests;

/// <summary>Training with the rows on several nodes gives the files that training in one process gives.</summary>
[Collection(TinyCollection.Name)]
public sealed class ShardedTrainingTests(TinyDataset tiny)
{
    private static readonly int[] s_nodeCounts = [1, 2, 3, 5];

    // Every method once; optimisers, precisions and numbers of nodes take turns.
    public static TheoryData<string, string, string, int> Methods
    {
        get
        {
            var data = new TheoryData<string, string, string, int>();
            int turn = 0;
            foreach (var method in EmbeddingMethods.All)
            {
                data.Add(method.Name, SparseOptimizers.Names[turn % SparseOptimizers.Names.Count], RowPrecision.Names[turn % RowPrecision.Names.Count], s_nodeCounts[turn % s_nodeCounts.Length]);
                turn++;
            }

            return data;
        }
    }

    public static TheoryData<string, string, string> All
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var method in EmbeddingMethods.All)
            {
                foreach (string optimizer in SparseOptimizers.Names)
                {
                    foreach (string precision in RowPrecision.Names)
                        data.Add(method.Name, optimizer, precision);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Run_EveryMethod_GivesTheFilesOfOneProcess(string method, string optimizer, string precision, int nodeCount)
        => AssertSame(method, optimizer, precision, [nodeCount]);

    // What a method learns besides its rows is fp32 in every precision.
    [Theory]
    [InlineData("bf16")]
    [InlineData("fp16")]
    public void Run_LearnedThresholdsAndRowsOfHalfPrecision_GivesTheFilesOfOneProcess(string precision) => AssertSame("optembed", "adagrad", precision, [2]);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(All))]
    public void Run_EveryCombination_GivesTheFilesOfOneProcess(string method, string optimizer, string precision)
        => AssertSame(method, optimizer, precision, s_nodeCounts);

    private void AssertSame(string method, string optimizer, string precision, int[] nodeCounts)
    {
        string budget = method == "full" ? "1" : "0.6";
        string[] settings =
        [
            $"embedding.method={{name: {method}, budget: {budget}}}",
            $"sparse_optimizer={{name: {optimizer}, learning_rate: 0.02}}",
            $"embedding.precision={precision}",
            "train={max_steps: 12, epochs: 2}",
            "cluster.buckets=8",
        ];
        RunConfigs.Create(tiny, settings);
        Dictionary<string, byte[]> expected;
        try
        {
            expected = Train(settings, nodes: []);
        }
        catch (ConfigException e) when (e.Message.Contains("use precision: fp32", StringComparison.Ordinal))
        {
            // Single numbers that are kept are fp32.
            AssertSame(method, optimizer, "fp32", nodeCounts);
            return;
        }

        foreach (int count in nodeCounts)
        {
            ShardNode[] nodes = [.. Enumerable.Range(0, count).Select(n => new ShardNode($"node-{n}"))];
            var actual = Train(settings, nodes);
            Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
            Assert.All(expected, file => Assert.True(file.Value.AsSpan().SequenceEqual(actual[file.Key]), $"{count} nodes: {file.Key}"));
            foreach (var node in nodes)
                node.Dispose();
        }
    }

    // The files of all checkpoints, but for the manifest with its times.
    private Dictionary<string, byte[]> Train(string[] settings, ShardNode[] nodes)
    {
        string folder = tiny.NewFolder();
        using (var trainer = new Trainer(RunConfigs.Create(tiny, settings), tiny.Open(), folder, nodes))
            trainer.Run();
        Assert.All(nodes, n => Assert.Empty(n.ListAsync(default).Result));
        return Directory.EnumerateFiles(Path.Combine(folder, "checkpoints"), "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(folder, f), File.ReadAllBytes);
    }
}
