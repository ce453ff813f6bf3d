using RecSys.Cluster.Client;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Snapshots;

public sealed class SnapshotTests : IDisposable
{
    private const ulong Chain = 77;
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-snapshot-").FullName;

    public static TheoryData<int, int, string, string> NodeCounts
    {
        get
        {
            var data = new TheoryData<int, int, string, string>();
            string[] policies = [.. TestModels.Policies.Keys];
            int[] counts = [1, 2, 3, 4, 8];
            foreach (int from in counts)
            {
                foreach (int to in counts)
                {
                    string precision = (from + to) % 2 == 0 ? "fp32" : "int8";
                    data.Add(from, to, precision, "fixed");
                    data.Add(from, to, precision, policies[(from + (2 * to)) % policies.Length]);
                }
            }

            return data;
        }
    }

    // A base and two deltas written by N nodes, read by M: the rows, their optimiser's state and what workers have sent are those of the live nodes.
    [Theory]
    [MemberData(nameof(NodeCounts))]
    public async Task Load_OnAnotherNumberOfNodes_EqualsTheLiveRows(int from, int to, string precision, string policies)
    {
        var model = Model(policies, "lazy_adam", RowPrecision.Parse(precision));
        using var cluster = await TestCluster.OpenAsync(model, from);
        for (int part = 0; part < 3; part++)
        {
            cluster.Train(seed: part, steps: 3);
            cluster.Write(PathOf(part), part == 0 ? Chain : 0);
        }

        SnapshotFolder[] chain = [.. Enumerable.Range(0, 3).Select(p => SnapshotFolder.Open(PathOf(p)))];
        using var restored = await TestCluster.LoadAsync(chain, to);

        Assert.Equal(model.Id, chain[0].Model.Id);
        Assert.Equal(new ChainLink(Chain, 2), chain[2].Link);
        restored.Store.Sequence = cluster.Store.Sequence;
        restored.Store.Optimizer.StepCount = cluster.Store.Optimizer.StepCount;
        cluster.AssertSameRows(restored);
        cluster.Train(seed: 9, steps: 2);
        restored.Train(seed: 9, steps: 2);
        cluster.AssertSameRows(restored);
    }

    [Theory]
    [InlineData("fixed")]
    [InlineData("lru")]
    public async Task WriteDelta_FewChanges_IsSmall(string policies)
    {
        var model = Model(policies);
        using var cluster = await TestCluster.OpenAsync(model, 1);
        cluster.Train(seed: 1, steps: 5);
        cluster.Write(PathOf(0), Chain);
        var batch = new RowBatch(policies == "fixed" ? 2 : 0, 8);
        batch.Add([TestModels.Ids[17] & (policies == "fixed" ? 255 : -1)]);
        batch.ClearGradients();
        cluster.Store.Apply([batch]);
        cluster.Write(PathOf(1), 0);

        Assert.InRange(Bytes(PathOf(1)), 1, Bytes(PathOf(0)) / 10);

        static long Bytes(string folder) => Directory.EnumerateFiles(folder, "*.rsb").Sum(f => new FileInfo(f).Length);
    }

    [Fact]
    public async Task WriteDelta_WithoutABase_IsRefused()
    {
        using var cluster = await TestCluster.OpenAsync(TestModels.Create(), 1);

        Assert.Contains("write a base first", Assert.Throws<ShardException>(() => cluster.Write(PathOf(0), 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_DeltaMissingReorderedOrOfAnotherChain_NamesTheFile()
    {
        using var cluster = await TestCluster.OpenAsync(TestModels.Create(), 2);
        for (int part = 0; part < 5; part++)
        {
            cluster.Train(seed: part, steps: 1);
            cluster.Write(PathOf(part), part is 0 or 4 ? Chain + (ulong)part : 0);
        }

        AssertRefused([0, 2], PathOf(2), "delta 1 of chain");
        AssertRefused([0, 2, 1], PathOf(2), "delta 1 of chain");
        AssertRefused([0, 1, 1], PathOf(1), "delta 2 of chain");
        AssertRefused([1], PathOf(1), "whole, was expected");
        AssertRefused([0, 4], PathOf(4), "delta 1 of chain");
        AssertRefused([4, 1], PathOf(1), "delta 1 of chain");

        // The same numbers in a chain that began anew under the same name differ in their parents.
        string other = PathOf(9);
        using var twin = await TestCluster.OpenAsync(TestModels.Create(), 2);
        twin.Train(seed: 8, steps: 1);
        twin.Write(other, Chain);
        AssertRefused([9, 1], PathOf(1), "but the one before has");
    }

    [Fact]
    public async Task Open_ManifestMissingOrTwice_NamesTheFile()
    {
        using var cluster = await TestCluster.OpenAsync(TestModels.Create(), 2);
        cluster.Write(PathOf(0), Chain);
        File.Copy(Path.Combine(PathOf(0), "node-node-0.json"), Path.Combine(PathOf(0), "node-x.json"));
        Assert.Contains("node-x.json: bucket", Assert.Throws<InvalidDataException>(() => SnapshotFolder.Open(PathOf(0))).Message, StringComparison.Ordinal);

        File.Delete(Path.Combine(PathOf(0), "node-x.json"));
        File.Delete(Path.Combine(PathOf(0), "node-node-0.json"));
        Assert.Contains("the snapshot is incomplete", Assert.Throws<InvalidDataException>(() => SnapshotFolder.Open(PathOf(0))).Message, StringComparison.Ordinal);
    }

    // Every damage to a file that carries anything is found, and the message names the file. The two deltas are small, so most
    // positions are hit several times.
    [Theory]
    [InlineData("fixed", 1200)]
    [InlineData("lfu, count", 600)]
    public async Task Load_RandomDamage_IsAlwaysFound(string policies, int trials)
    {
        using var cluster = await TestCluster.OpenAsync(Model(policies, bucketCount: 4), 2);
        for (int part = 0; part < 3; part++)
        {
            cluster.Train(seed: part, steps: 1, largest: 20);
            cluster.Write(PathOf(part), part == 0 ? Chain : 0);
        }

        string[] files = [.. Enumerable.Range(0, 3).SelectMany(p => Directory.EnumerateFiles(PathOf(p))).Order(StringComparer.Ordinal)];
        const int Seed = 5;
        var random = new Random(Seed);
        for (int trial = 0; trial < trials; trial++)
        {
            string file = files[random.Next(files.Length)];
            byte[] whole = await File.ReadAllBytesAsync(file);
            string what = Damage(file, whole, random);
            var error = Record.Exception(() => Load(PathOf(0), PathOf(1), PathOf(2)));
            Assert.True(error is InvalidDataException && error.Message.Contains(Path.GetDirectoryName(file)!, StringComparison.Ordinal), $"seed {Seed}, trial {trial}: {what} of {file} gave {error}");
            await File.WriteAllBytesAsync(file, whole);
        }

        Load(PathOf(0), PathOf(1), PathOf(2));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ShardedModel Model(string policies, string optimizer = "row_wise_adagrad", RowPrecision? precision = null, int bucketCount = 16) => policies == "fixed"
        ? TestModels.Create(optimizer, precision, bucketCount)
        : TestModels.CreateGrowing(TestModels.Policies[policies], optimizer, precision, bucketCount);

    private static string Damage(string file, byte[] whole, Random random)
    {
        byte[] bytes = [.. whole];
        switch (random.Next(4))
        {
            case 0:
                File.Delete(file);
                return "removal";
            case 1:
                int length = random.Next(bytes.Length);
                File.WriteAllBytes(file, bytes[..length]);
                return $"cut to {length}";
            case 2:
                int at = random.Next(bytes.Length);
                int bit = random.Next(8);
                bytes[at] ^= (byte)(1 << bit);
                File.WriteAllBytes(file, bytes);
                return $"flip of bit {bit} at {at}";
            default:
                int start = random.Next(bytes.Length);
                int count = random.Next(1, Math.Min(64, bytes.Length - start) + 1);
                random.NextBytes(bytes.AsSpan(start, count));
                if (bytes.AsSpan().SequenceEqual(whole))
                    bytes[start] ^= 1;
                File.WriteAllBytes(file, bytes);
                return $"{count} random bytes at {start}";
        }
    }

    private static void Load(params string[] folders)
    {
        SnapshotFolder[] chain = [.. folders.Select(SnapshotFolder.Open)];
        using var node = new ShardNode("node");
        SnapshotFolder.RestoreAsync(chain, [node]).GetAwaiter().GetResult();
    }

    private void AssertRefused(int[] parts, string folder, string message)
    {
        var error = Assert.Throws<InvalidDataException>(() => Load([.. parts.Select(PathOf)]));
        Assert.StartsWith(folder, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private string PathOf(int part) => Path.Combine(_folder, $"part-{part}");
}
