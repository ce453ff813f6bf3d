using RecSys.Data.Configuration;
using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Ingest;

/// <summary>Makes one DuckDB view per source; files are found and their headers checked here, their rows are read later.</summary>
internal sealed class SourceViews(DuckDatabase database, DatasetConfig config)
{
    /// <summary>Creates the views.</summary>
    /// <exception cref="DataException">A file is missing, empty, truncated or lacks a column.</exception>
    internal void Create()
    {
        foreach (SourceConfig source in config.Sources)
        {
            IReadOnlyList<string> files = Files(source);
            string split = source.Split is null ? "" : $", {SqlText.Literal(source.Split)} AS split";
            try
            {
                database.Execute($"CREATE VIEW {SqlText.Name(source.Name)} AS SELECT *{split} FROM {Relation(source, files)}");
            }
            catch (DuckException error)
            {
                throw SourceErrors.Translate(error, $"source '{source.Name}' ({string.Join(", ", files)})");
            }
        }
    }

    private string Relation(SourceConfig source, IReadOnlyList<string> files) => source.Format switch
    {
        SourceFormat.Parquet => $"read_parquet({TextTable.List(files)}, union_by_name = true)",
        SourceFormat.Json => $"read_json({TextTable.List(files)}, maximum_object_size = 67108864)",
        SourceFormat.Lines => TextTable.Lines(files, source.Encoding),
        SourceFormat.Libsvm => new LibsvmSource(database, source, files).Relation(TextTable.Lines(files, source.Encoding)),
        _ => Table(source, files),
    };

    private string Table(SourceConfig source, IReadOnlyList<string> files)
    {
        var table = new TextTable(files, source.Delimiter, source.HasHeader, source.Quote, source.Encoding, source.NullText);
        IReadOnlyList<string> columns = source.HasHeader ? table.Header(database) : source.Columns;
        if (columns.Count == 0)
            throw source.Node.Error("columns", "is missing; valid: the names of all columns in order, as the file has no header");
        foreach (string named in source.Columns)
            ThrowIfAbsent(source, files, columns, named, "columns");
        foreach (string typed in source.Types.Keys)
            ThrowIfAbsent(source, files, columns, typed, "types");
        return table.Relation(columns, column => TypeOf(source, column));
    }

    // What must be a number is read as one, so that a wrong value is reported with its line.
    private string TypeOf(SourceConfig source, string column)
    {
        if (source.Types.TryGetValue(column, out string? type))
            return type;
        bool isNumber = config.Tasks.Append(config.Label).Any(label => Same(column, label.Column))
            || config.Features.Any(feature => feature.Feature.IsRawNumber && Same(column, feature.Column));
        return isNumber ? "DOUBLE" : "VARCHAR";
    }

    private static bool Same(string column, string? other) => string.Equals(column, other, StringComparison.OrdinalIgnoreCase);

    private static void ThrowIfAbsent(SourceConfig source, IReadOnlyList<string> files, IReadOnlyList<string> columns, string name, string key)
    {
        if (columns.Contains(name, StringComparer.OrdinalIgnoreCase))
            return;
        throw source.Node.Error(key, $"column '{name}' is not in {files[0]}; {NearestName.Hint(name, columns)}it has: {string.Join(", ", columns)}");
    }

    private IReadOnlyList<string> Files(SourceConfig source)
    {
        var files = new List<string>();
        foreach (string path in source.Paths)
        {
            int before = files.Count;
            if (File.Exists(path))
                files.Add(path);
            else
                files.AddRange(Matches(path));
            if (files.Count == before)
                throw source.Node.Error("path", $"no file '{path}' (looked in {Directory.GetCurrentDirectory()}); valid: an existing file or a glob that matches some. Set 'root' to the folder of the data");
        }

        if (files.FirstOrDefault(file => new FileInfo(file).Length == 0) is { } empty)
            throw new DataException($"{empty}: the file is empty; valid: a file with rows");
        return files;
    }

    private List<string> Matches(string glob)
    {
        var files = new List<string>();
        using DuckResult result = database.Query("SELECT file FROM glob(?) ORDER BY file", glob);
        while (result.Next() is { } chunk)
        {
            for (int i = 0; i < chunk.RowCount; i++)
                files.Add(chunk[0].Text(i)!);
        }

        return files;
    }
}
