using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Reading;

/// <summary>All rows of one part in memory; the arrays are used again for the next part.</summary>
internal sealed class PartBuffer
{
    private readonly DataSchema _schema;
    private readonly PartColumn[] _ids;
    private readonly float[][] _numbers;
    private readonly string _select;
    private readonly float[][] _taskLabels;
    private float[] _labels = [];
    private long[] _groups = [];

    internal PartBuffer(DataSchema schema)
    {
        _schema = schema;
        _ids = [.. schema.EmbeddingFeatures.Select(feature => new PartColumn(new EmbeddingColumn(feature.Name, feature.Field.Name, feature.Field.VocabularySize, feature.IsSingle)))];
        _numbers = new float[schema.NumericCount][];
        _taskLabels = new float[schema.Tasks.Count][];
        IEnumerable<string> columns = [.. schema.EmbeddingFeatures.Select(feature => feature.Name), .. schema.NumericNames, "label", .. schema.Tasks.Select(task => task.Column), .. schema.Group is null ? Array.Empty<string>() : ["group"]];
        _select = string.Join(", ", columns.Select(SqlText.Name));
    }

    /// <summary>Loads a part.</summary>
    /// <exception cref="DataException">It cannot be read, has other columns or other rows than it should, or an id beyond its vocabulary.</exception>
    internal void Load(DuckDatabase database, Part part)
    {
        Reserve(part.RowCount);
        try
        {
            using DuckResult result = database.Query($"SELECT {_select} FROM {part.Relation}");
            ThrowIfTypesDiffer(result.Columns, part);
            int row = 0;
            for (; result.Next() is { } chunk; row += chunk.RowCount)
                Append(chunk, row, part);
            if (row != part.RowCount)
                throw new DataException($"{part.Name}: has {row} rows; {DataSchema.FileName} says {part.RowCount}. Prepare the data again");
        }
        catch (DuckException error)
        {
            throw Ingest.SourceErrors.Translate(error, part.Name);
        }
    }

    /// <summary>Adds rows to a batch.</summary>
    internal void CopyTo(ReadOnlySpan<int> rows, Batch batch)
    {
        for (int i = 0; i < _ids.Length; i++)
            _ids[i].CopyTo(rows, batch.IdBuffers[i]);
        int start = batch.Size;
        CopyTo(batch.Numeric, start, _numbers, rows);
        CopyTo(batch.TaskLabels, start, _taskLabels, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            batch.Labels[start + i] = _labels[rows[i]];
            batch.Groups[start + i] = _schema.Group is null ? -1 : _groups[rows[i]];
        }

        batch.Size += rows.Length;
    }

    // Columns into rows.
    private static void CopyTo(float[] target, int start, float[][] columns, ReadOnlySpan<int> rows)
    {
        for (int column = 0; column < columns.Length; column++)
        {
            for (int i = 0; i < rows.Length; i++)
                target[((start + i) * columns.Length) + column] = columns[column][rows[i]];
        }
    }

    private void Reserve(int rowCount)
    {
        foreach (PartColumn column in _ids)
            column.Clear();
        if (_labels.Length >= rowCount)
            return;
        foreach (float[][] columns in new[] { _numbers, _taskLabels })
        {
            for (int i = 0; i < columns.Length; i++)
                columns[i] = new float[rowCount];
        }

        _labels = new float[rowCount];
        _groups = new long[_schema.Group is null ? 0 : rowCount];
    }

    private void Append(DuckChunk chunk, int row, Part part)
    {
        if (row + chunk.RowCount > part.RowCount)
            throw new DataException($"{part.Name}: has more rows than the {part.RowCount} that {DataSchema.FileName} says. Prepare the data again");
        int column = 0;
        foreach (PartColumn ids in _ids)
            ids.Append(chunk[column++], part.Name);
        foreach (float[] numbers in _numbers)
            chunk[column++].Values<float>().CopyTo(numbers.AsSpan(row));
        chunk[column++].Values<float>().CopyTo(_labels.AsSpan(row));
        foreach (float[] labels in _taskLabels)
            chunk[column++].Values<float>().CopyTo(labels.AsSpan(row));
        if (_schema.Group is not null)
            chunk[column].Values<long>().CopyTo(_groups.AsSpan(row));
    }

    private void ThrowIfTypesDiffer(IReadOnlyList<DuckColumn> columns, Part part)
    {
        for (int i = 0; i < columns.Count; i++)
        {
            DuckColumn actual = columns[i];
            EmbeddingFeature? feature = i < _ids.Length ? _schema.EmbeddingFeatures[i] : null;
            DuckType expected = feature switch
            {
                null => actual.Name == "group" ? DuckType.BigInt : DuckType.Float,
                { IsSingle: true } => DuckType.Integer,
                _ => DuckType.List,
            };
            if (actual.Type != expected || (expected == DuckType.List && actual.ElementType != DuckType.Integer))
                throw new DataException($"{part.Name}: column '{actual.Name}' is of type {actual.Type}; valid: {(expected == DuckType.List ? "a list of Integer" : expected)}. Prepare the data again");
        }
    }
}
