using RecSys.Data.Interop;

namespace RecSys.Data.Tests.Interop;

public sealed class DuckDatabaseTests
{
    [Fact]
    public void LibraryVersion_OfTheLoadedLibrary_IsOne()
        => Assert.StartsWith("v1.", DuckDatabase.LibraryVersion, StringComparison.Ordinal);

    [Fact]
    public void Query_EveryType_ReadsItsValue()
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query(
            """
            SELECT true, -3::TINYINT, 1000::SMALLINT, -70000, 5000000000, 200::UTINYINT, 60000::USMALLINT,
                   4000000000::UINTEGER, 18446744073709551615::UBIGINT, 1.5::FLOAT, -2.25::DOUBLE,
                   170141183460469231731687303715884105727::HUGEINT, DATE '1970-01-03', TIMESTAMP '1970-01-01 00:00:01'
            """);

        DuckChunk chunk = result.Next()!;

        Assert.Equal(1, chunk.RowCount);
        Assert.True(chunk[0].Values<bool>()[0]);
        Assert.Equal(-3, chunk[1].Values<sbyte>()[0]);
        Assert.Equal(1000, chunk[2].Values<short>()[0]);
        Assert.Equal(-70000, chunk[3].Values<int>()[0]);
        Assert.Equal(5000000000, chunk[4].Values<long>()[0]);
        Assert.Equal(200, chunk[5].Values<byte>()[0]);
        Assert.Equal(60000, chunk[6].Values<ushort>()[0]);
        Assert.Equal(4000000000, chunk[7].Values<uint>()[0]);
        Assert.Equal(ulong.MaxValue, chunk[8].Values<ulong>()[0]);
        Assert.Equal(1.5f, chunk[9].Values<float>()[0]);
        Assert.Equal(-2.25, chunk[10].Values<double>()[0]);
        Assert.Equal(Int128.MaxValue, chunk[11].Values<Int128>()[0]);
        Assert.Equal(2, chunk[12].Values<int>()[0]);
        Assert.Equal(1_000_000, chunk[13].Values<long>()[0]);
        Assert.Null(result.Next());
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("exactly12byt")]
    [InlineData("thirteen byte")]
    [InlineData("größer als zwölf Bytes")]
    public void Text_OfAnyLength_ComesBackAsBound(string text)
    {
        using DuckDatabase database = DuckDatabase.Open();

        Assert.Equal(text, database.Text("SELECT ?", text));
    }

    [Fact]
    public void Query_BoundValues_KeepTheirTypes()
    {
        using DuckDatabase database = DuckDatabase.Open();

        Assert.Equal(7L, database.Scalar<long>("SELECT ?::BIGINT + ?::BIGINT", 3, 4L));
        Assert.Equal(0.75, database.Scalar<double>("SELECT ?::DOUBLE + ?::DOUBLE", 0.5f, 0.25));
        Assert.True(database.Scalar<bool>("SELECT NOT ?::BOOLEAN", false));
        Assert.Null(database.Scalar<int>("SELECT ?::INTEGER", [null]));
    }

    [Fact]
    public void Query_WrongNumberOfValues_SaysHowMany()
    {
        using DuckDatabase database = DuckDatabase.Open();

        ArgumentException error = Assert.Throws<ArgumentException>(() => database.Query("SELECT ?", 1, 2));

        Assert.Contains("takes 1 values, but 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_Nulls_AreMarkedInTheMask()
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query("SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE range END FROM range(200)");

        DuckVector column = result.Next()![0];

        for (int row = 0; row < 200; row++)
        {
            Assert.Equal(row % 3 == 0, column.IsNull(row));
            if (row % 3 != 0)
                Assert.Equal(row, column.Values<long>()[row]);
        }
    }

    [Fact]
    public void Query_Lists_GiveEntriesAndElements()
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query("SELECT * FROM (VALUES ([1, 2, 3]::INTEGER[]), ([]), (NULL), ([7])) t(a)");

        DuckVector column = result.Next()![0];

        var lists = new List<int[]?>();
        for (int row = 0; row < column.Count; row++)
        {
            DuckListEntry entry = column.Lists[row];
            lists.Add(column.IsNull(row) ? null : column.Elements.Values<int>().Slice((int)entry.Offset, (int)entry.Length).ToArray());
        }

        Assert.Equal([[1, 2, 3], [], null, [7]], lists);
    }

    [Fact]
    public void Next_ManyRows_StreamsThemInOrder()
    {
        using DuckDatabase database = DuckDatabase.Open(null, new DuckOptions { ThreadCount = 2, MemoryLimit = "200MB" });
        using DuckResult result = database.Query("SELECT range FROM range(100000000)");

        long expected = 0;
        while (expected < 100_000 && result.Next() is { } chunk)
        {
            foreach (long value in chunk[0].Values<long>())
                Assert.Equal(expected++, value);
        }

        Assert.True(expected >= 100_000);
    }

    [Fact]
    public void Next_ErrorAfterSomeChunks_Throws()
    {
        using DuckDatabase database = DuckDatabase.Open();

        DuckException error = Assert.Throws<DuckException>(() =>
        {
            using DuckResult result = database.Query("SELECT CASE WHEN range = 50000 THEN error('planted') ELSE range::VARCHAR END FROM range(60000)");
            while (result.Next() is not null)
            {
            }
        });

        Assert.Contains("planted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_WrongSql_ThrowsWithDuckDbsMessageAndTheSql()
    {
        using DuckDatabase database = DuckDatabase.Open();

        DuckException error = Assert.Throws<DuckException>(() => database.Execute("SELECT nothing FROM nowhere"));

        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
        Assert.Equal("SELECT nothing FROM nowhere", error.Sql);
        Assert.Throws<DuckException>(() => database.Query("SELEC 1"));
    }

    [Fact]
    public void Values_OfAnotherType_SaysWhich()
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query("SELECT 1.5::DOUBLE AS price");
        DuckChunk chunk = result.Next()!;

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => chunk[0].Values<int>());

        Assert.Contains("'price' is of type Double", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => chunk[0].Text(0));
        Assert.Throws<InvalidOperationException>(() => chunk[0].Elements.Count);
    }

    [Fact]
    public void Open_WithLimits_SetsThem()
    {
        using DuckDatabase database = DuckDatabase.Open(null, new DuckOptions { ThreadCount = 1, MemoryLimit = "512MiB" });

        Assert.Equal("1", database.Text("SELECT current_setting('threads')::VARCHAR"));
        Assert.Equal("512.0 MiB", database.Text("SELECT current_setting('memory_limit')"));
    }

    [Fact]
    public void Open_WrongLimit_NamesIt()
    {
        DuckException error = Assert.Throws<DuckException>(() => DuckDatabase.Open(null, new DuckOptions { MemoryLimit = "much" }));

        Assert.Contains("much", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CopyToParquet_ReadBack_GivesTheRowsInOrder()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("it's.parquet");
        using DuckDatabase database = DuckDatabase.Open();

        long rows = database.CopyToParquet("SELECT range AS a, [range::INTEGER] AS b FROM range(5000) ORDER BY a DESC", file);

        Assert.Equal(5000, rows);
        Assert.Equal(4999, database.Scalar<long>("SELECT a FROM read_parquet(?) LIMIT 1", file));
        Assert.Equal(4999L * 5000 / 2, (long)database.Scalar<Int128>("SELECT sum(b[1]) FROM read_parquet(?)", file)!.Value);
    }
}
