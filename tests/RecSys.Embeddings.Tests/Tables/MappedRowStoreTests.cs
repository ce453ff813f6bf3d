using System.Globalization;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Tables;

[Collection(OutstandingMemory.Name)]
public sealed class MappedRowStoreTests : IDisposable
{
    private static readonly TableSpec[] s_tables = [new("set/a", 20_000, 5, Initializer.Normal(1)), new("set/b", 10, 16, Initializer.Uniform(1))];
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryRowStore _memory = new(s_tables, SparseOptimizers.Create("sgd", new()), 1);

    public MappedRowStoreTests()
    {
        using var writer = new SafetensorsWriter(FilePath);
        writer.Declare("odd", "U8", 1);
        foreach (RowTable table in _memory.RowTables.Reverse())
            writer.Declare(table.Spec.Name, "F32", table.Spec.RowCount, table.Spec.Width);
        writer.Write<byte>([1]);
        foreach (RowTable table in _memory.RowTables.Reverse())
            writer.Write<float>(table.Floats(0, (int)table.Spec.RowCount));
        writer.Complete();
    }

    private string FilePath => _folder.File("tables.safetensors");

    public void Dispose()
    {
        _memory.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void ThreadCount_NotPositive_Throws()
    {
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        Assert.Throws<ArgumentOutOfRangeException>(() => new MappedRowStore(file, s_tables) { ThreadCount = 0 });
    }

    [Fact]
    public void Write_FileThatIsNotPrivate_Throws()
    {
        using var mapped = new MappedRowStore(SafetensorsFile.Open(FilePath), s_tables);
        using var own = new MappedRowStore(SafetensorsFile.Open(FilePath, isPrivate: true), s_tables);

        Assert.Throws<InvalidOperationException>(() => mapped.Write(0, 0, new byte[20]));
        Assert.Throws<ArgumentException>(() => own.Write(0, 0, new byte[19]));
        Assert.Throws<ArgumentOutOfRangeException>(() => own.Write(0, 20_000, new byte[20]));
        own.Write(0, 19_999, new byte[20]);
        Assert.Equal(1, own.ChangedRowCount);
    }

    // Comparing touches all pages of the file; only those with changed rows become memory of this process.
    [Fact]
    public void Write_FewRowsChange_TakesFewPages()
    {
        using var own = new MappedRowStore(SafetensorsFile.Open(FilePath, isPrivate: true), s_tables);
        for (long row = 0; row < 20_000; row++)
            own.Write(0, row, MemoryMarshal.AsBytes<float>(_memory.RowTables[0].Row(row)));
        own.Write(0, 10_000, new byte[20]);

        Assert.Equal(1, own.ChangedRowCount);
        Assert.InRange(PrivateBytes(FilePath), 1, 2 * Environment.SystemPageSize);
    }

    [Fact]
    public void Gather_RowsOfTheFile_EqualThoseInMemory()
    {
        using var mapped = new MappedRowStore(SafetensorsFile.Open(FilePath), s_tables);
        foreach (RowBatch batch in new RowBatch[] { new(0, 5), new(1, 16) })
        {
            batch.Add([.. Enumerable.Range(0, 30_000).Select(i => (i * 7919L) % s_tables[batch.Table].RowCount)]);
            _memory.Gather([batch]);
            float[] expected = batch.Values.ToArray();
            batch.Values.Clear();

            mapped.Gather([batch]);

            Assert.Equal(expected, batch.Values.ToArray());
        }
    }

    [Fact]
    public void Gather_RowThatDoesNotExist_NamesTheTable()
    {
        using var mapped = new MappedRowStore(SafetensorsFile.Open(FilePath), s_tables);
        var batch = new RowBatch(1, 16);
        batch.Add([10]);

        Assert.Contains("'set/b'", Assert.Throws<ArgumentOutOfRangeException>(() => mapped.Gather([batch])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("set/c", 10, 16, "there is no table 'set/c'")]
    [InlineData("set/b", 11, 16, "table 'set/b' is F32 [10 × 16], but F32 [11 × 16] was expected")]
    [InlineData("set/b", 10, 8, "table 'set/b' is F32 [10 × 16], but F32 [10 × 8] was expected")]
    [InlineData("odd", 1, 1, "table 'odd' is U8 [1], but F32 [1 × 1] was expected")]
    public void Constructor_TableThatDoesNotFit_NamesFileAndTable(string name, long rowCount, int width, string fault)
    {
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);

        var error = Assert.Throws<InvalidDataException>(() => new MappedRowStore(file, [new TableSpec(name, rowCount, width, Initializer.Zero)]));

        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private static long PrivateBytes(string file)
    {
        const string Field = "Private_Dirty:";
        string line = File.ReadLines("/proc/self/smaps").SkipWhile(l => !l.EndsWith(file, StringComparison.Ordinal)).First(l => l.StartsWith(Field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Integer, CultureInfo.InvariantCulture);
    }
}
