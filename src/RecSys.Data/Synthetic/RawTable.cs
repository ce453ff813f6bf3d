using RecSys.Data.Interop;

namespace RecSys.Data.Synthetic;

/// <summary>Collects generated rows in a DuckDB table <c>log</c>.</summary>
internal sealed class RawTable : IDisposable
{
    private readonly DuckAppender _appender;
    private readonly int _fieldCount;
    private int _count;

    internal RawTable(DuckDatabase database, SyntheticOptions options)
    {
        _fieldCount = options.Fields.Count;
        DuckColumn[] columns =
        [
            new("time", DuckType.BigInt),
            .. options.Fields.Select(field => new DuckColumn(field.Name, DuckType.Integer)),
            new("label", DuckType.UTinyInt),
            new("true_probability", DuckType.Double),
        ];
        string list = string.Join(", ", columns.Select(column => $"{SqlText.Name(column.Name)} {column.Type.ToString().ToUpperInvariant()}"));
        database.Execute($"CREATE TABLE log ({list})");
        _appender = database.CreateAppender("log", columns);
    }

    internal void Add(long time, int[] ids, bool label, double probability)
    {
        _appender.Values<long>(0)[_count] = time;
        for (int field = 0; field < ids.Length; field++)
            _appender.Values<int>(1 + field)[_count] = ids[field];
        _appender.Values<byte>(1 + _fieldCount)[_count] = label ? (byte)1 : (byte)0;
        _appender.Values<double>(2 + _fieldCount)[_count] = probability;
        if (++_count == DuckAppender.Capacity)
            Flush();
    }

    internal void Complete()
    {
        Flush();
        _appender.Complete();
    }

    public void Dispose() => _appender.Dispose();

    private void Flush()
    {
        _appender.Append(_count);
        _count = 0;
    }
}
