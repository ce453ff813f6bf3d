using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Snapshots;

/// <summary>Rows of a chain of snapshots, read without the state of their optimiser.</summary>
public sealed class SnapshotRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-snapshot-rows-").FullName;

    // Bases and deltas put over a file of the first values: the bytes of the rows are then those of the nodes, and those of the file as they were.
    [Theory]
    [InlineData("fp32", "lazy_adam")]
    [InlineData("int8", "adagrad")]
    [InlineData("int2", "sgd")]
    public async Task Read_BaseAndDeltas_AreTheLiveRows(string precision, string optimizer)
    {
        var model = TestModels.Create(optimizer, RowPrecision.Parse(precision));
        using var cluster = await TestCluster.OpenAsync(model, 3);
        string file = Path.Combine(_folder, "tables.safetensors");
        WriteFirstValues(model, file);
        byte[] before = await File.ReadAllBytesAsync(file);
        using var rows = new MappedRowStore(SafetensorsFile.Open(file, isPrivate: true), model.Tables);
        SnapshotRows? read = null;
        for (int number = 0; number < 4; number++)
        {
            cluster.Write(PathOf(number), number == 0 ? 77UL : 0);
            read = SnapshotRows.Read(SnapshotFolder.Open(PathOf(number)), read, rows.Write);

            Assert.Equal(new ChainLink(77, number), read.Link);
            Assert.Equal(number == 0, rows.ChangedRowCount == 0);
            AssertSame(cluster, rows);
            cluster.Train(seed: number, steps: 2, largest: 50);
        }

        using var other = new MappedRowStore(SafetensorsFile.Open(file, isPrivate: true), model.Tables);
        other.WriteChangesOf(rows);
        Assert.Equal(rows.ChangedRowCount, other.ChangedRowCount);
        Assert.Equal(Values(rows), Values(other));
        Assert.Equal(before, await File.ReadAllBytesAsync(file));
        Assert.InRange(rows.ChangedRowCount, 1, model.Tables.Sum(t => t.RowCount) - 1);
    }

    [Theory]
    [InlineData("missing", "delta 1 of chain 000000000000004d was expected")]
    [InlineData("twice", "delta 2 of chain 000000000000004d was expected")]
    [InlineData("no_base", "whole, was expected")]
    [InlineData("damaged", "does not match its checksum")]
    [InlineData("replaced", "it follows the file with checksum")]
    public async Task Read_ChainThatIsNotWhole_NamesTheFile(string damage, string message)
    {
        var model = TestModels.Create(bucketCount: 4);
        using var cluster = await TestCluster.OpenAsync(model, 1);
        for (int number = 0; number < 3; number++)
        {
            cluster.Write(PathOf(number), number == 0 ? 77UL : 0);
            cluster.Train(seed: number, steps: 1);
        }

        if (damage == "replaced")
        {
            // A delta of the same number, of another history.
            using var other = await TestCluster.OpenAsync(model, 1);
            other.Write(PathOf(7), 77);
            other.Train(seed: 9, steps: 1);
            other.Write(PathOf(8), 0);
        }

        int[] chain = damage switch
        {
            "missing" => [0, 2],
            "twice" => [0, 1, 1],
            "no_base" => [1],
            "replaced" => [0, 8, 2],
            _ => [0, 1],
        };
        if (damage == "damaged")
        {
            using var stream = File.Open(Path.Combine(PathOf(1), "bucket-00002.rsb"), FileMode.Open);
            stream.Position = 100;
            stream.WriteByte(99);
        }

        SnapshotRows? read = null;
        var error = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (int number in chain)
                read = SnapshotRows.Read(SnapshotFolder.Open(PathOf(number)), read, (_, _, _) => { });
        });

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(PathOf(chain[^1]), error.Message.Replace(PathOf(8), damage == "replaced" ? PathOf(2) : PathOf(8), StringComparison.Ordinal), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void WriteFirstValues(ShardedModel model, string file)
    {
        using var store = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        using var writer = new SafetensorsWriter(file);
        foreach (var table in model.Tables)
            writer.Declare(table.Name, table.StoredAs.Type, table.StoredAs.Shape);
        foreach (var table in store.RowTables)
            writer.Write<byte>(table.Rows.Bytes(0, (int)table.Spec.ByteCount));
        writer.Complete();
    }

    private static void AssertSame(TestCluster cluster, IRowReader rows)
    {
        for (int table = 0; table < rows.Tables.Count; table++)
        {
            var batch = TestModels.Whole(cluster.Store.Model, table);
            cluster.Store.Gather([batch]);
            float[] expected = batch.Values.ToArray();
            rows.Gather([batch]);
            Assert.Equal(expected, batch.Values);
        }
    }

    private static float[] Values(IRowReader rows) => [.. Enumerable.Range(0, rows.Tables.Count).SelectMany(t =>
    {
        var batch = new RowBatch(t, rows.Tables[t].Width);
        batch.Add([.. Enumerable.Range(0, (int)rows.Tables[t].RowCount).Select(r => (long)r)]);
        rows.Gather([batch]);
        return batch.Values.ToArray();
    })];

    private string PathOf(int number) => Path.Combine(_folder, $"{number}");
}
