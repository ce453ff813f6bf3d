using RecSys.Data.Interop;

namespace RecSys.Data;

/// <summary>The ids of one field: a file that is asked for the values wanted and never loaded as a whole.</summary>
public sealed partial class Vocabulary
{
    private readonly string _path;

    internal Vocabulary(string field, long size, string path)
    {
        Field = field;
        Size = size;
        _path = path;
    }

    /// <summary>Name of the field.</summary>
    public string Field { get; }

    /// <summary>Number of ids, the unknown id 0 included.</summary>
    public long Size { get; }

    /// <summary>The id of a raw value; 0 when it is unknown.</summary>
    public long IdOf(string value) => IdsOf([value])[0];

    /// <summary>The raw value of an id; null for the unknown id 0.</summary>
    /// <exception cref="DataException">The id is beyond the vocabulary.</exception>
    public string? ValueOf(long id) => ValuesOf([id])[0];

    /// <summary>The ids of raw values; 0 for each that is unknown.</summary>
    public IReadOnlyList<long> IdsOf(IReadOnlyList<string> values)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        Scan("value", [.. values], (id, value) => ids[value!] = id);
        return [.. values.Select(value => ids.GetValueOrDefault(value))];
    }

    /// <summary>The raw values of ids; null for the unknown id 0.</summary>
    /// <exception cref="DataException">An id is beyond the vocabulary.</exception>
    public IReadOnlyList<string?> ValuesOf(IReadOnlyList<long> ids)
    {
        foreach (long id in ids)
        {
            if (id < 0 || id >= Size)
                throw new DataException($"id {id} is not in vocabulary '{Field}'; valid: 0 … {Size - 1}");
        }

        var values = new Dictionary<long, string?>();
        Scan("id", [.. ids], (id, value) => values[id] = value);
        return [.. ids.Select(values.GetValueOrDefault)];
    }

    /// <summary>Bytes of all values in UTF-8.</summary>
    internal long CountValueBytes()
    {
        using DuckDatabase database = DuckDatabase.Open();
        return database.Scalar<long>($"SELECT coalesce(sum(strlen(value)), 0)::BIGINT FROM read_parquet({SqlText.Literal(_path)})") ?? 0;
    }

    /// <summary>Reads the values in UTF-8 in the order of their ids, from 1 on.</summary>
    /// <exception cref="DataException">The file holds others than the ids of the vocabulary in their order.</exception>
    internal void ReadAll(Action<long, DuckVector> receive)
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query($"SELECT id, value FROM read_parquet({SqlText.Literal(_path)})");
        long next = 1;
        while (result.Next() is { } chunk)
        {
            foreach (int id in chunk[0].Values<int>())
            {
                if (id != next++)
                    throw new DataException($"{_path}: id {id} stands where {next - 1} is expected; prepare the data again");
            }

            receive(next - chunk.RowCount, chunk[1]);
        }

        if (next != Size)
            throw new DataException($"{_path}: holds {next - 1} values, but the vocabulary has {Size - 1}; prepare the data again");
    }

    private void Scan(string column, object?[] wanted, Action<int, string?> found)
    {
        if (wanted.Length == 0)
            return;
        using DuckDatabase database = DuckDatabase.Open();
        string places = string.Join(", ", Enumerable.Repeat("?", wanted.Length));
        using DuckResult result = database.Query($"SELECT id, value FROM read_parquet({SqlText.Literal(_path)}) WHERE {column} IN ({places})", wanted);
        while (result.Next() is { } chunk)
        {
            for (int i = 0; i < chunk.RowCount; i++)
                found(chunk[0].Values<int>()[i], chunk[1].Text(i));
        }
    }
}
