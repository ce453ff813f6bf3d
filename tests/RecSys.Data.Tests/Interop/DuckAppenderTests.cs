using RecSys.Data.Interop;

namespace RecSys.Data.Tests.Interop;

public sealed class DuckAppenderTests
{
    private static readonly DuckColumn[] s_columns =
    [
        new("id", DuckType.Integer),
        new("value", DuckType.Float),
        new("history", DuckType.List, DuckType.Integer),
    ];

    [Fact]
    public void Append_SeveralChunks_PutsAllRowsInOrder()
    {
        using DuckDatabase database = DuckDatabase.Open();
        database.Execute("CREATE TABLE t (id INTEGER, value FLOAT, history INTEGER[])");
        using (DuckAppender appender = database.CreateAppender("t", s_columns))
        {
            for (int chunk = 0; chunk < 3; chunk++)
                AppendChunk(appender, chunk * 1000, 1000);
            appender.Complete();
        }

        Assert.Equal(3000, database.Scalar<long>("SELECT count(*) FROM t"));
        Assert.Equal(3000, database.Scalar<long>("SELECT count(*) FROM t WHERE id = rowid AND value = id / 2 AND len(history) = id % 3"));
        Assert.Equal(0, database.Scalar<long>("SELECT count(*) FROM t WHERE len(history) > 0 AND history[1] <> id"));
    }

    [Fact]
    public void Values_OfAnotherType_SaysWhich()
    {
        using DuckDatabase database = DuckDatabase.Open();
        database.Execute("CREATE TABLE t (id INTEGER, value FLOAT, history INTEGER[])");
        using DuckAppender appender = database.CreateAppender("t", s_columns);

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => appender.Values<long>(0).Length);

        Assert.Contains("'id' takes Integer, not Int64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateAppender_UnknownTable_Throws()
    {
        using DuckDatabase database = DuckDatabase.Open();

        DuckException error = Assert.Throws<DuckException>(() => database.CreateAppender("absent", s_columns));

        Assert.Contains("absent", error.Message, StringComparison.Ordinal);
    }

    private static void AppendChunk(DuckAppender appender, int first, int count)
    {
        Span<int> ids = appender.Values<int>(0);
        Span<float> values = appender.Values<float>(1);
        Span<DuckListEntry> lists = appender.Lists(2);
        int elementCount = Enumerable.Range(first, count).Sum(id => id % 3);
        Span<int> elements = appender.Elements<int>(2, elementCount);
        int offset = 0;
        for (int i = 0; i < count; i++)
        {
            int id = first + i;
            ids[i] = id;
            values[i] = id / 2f;
            lists[i] = new DuckListEntry((ulong)offset, (ulong)(id % 3));
            elements.Slice(offset, id % 3).Fill(id);
            offset += id % 3;
        }

        appender.Append(count);
    }
}
