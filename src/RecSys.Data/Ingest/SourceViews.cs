using RecSys.Data.Configuration;
using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Ingest;

/// <summary>Makes one DuckDB view per source; files are found and their headers checked here, their rows are read later.</summary>
internal sealed class SourceViews(DuckDatabase database, DatasetConfig config)
{
    private const string LineDelimiter = "\u0001";

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

    /// <summary>SQL of one relation with the rows of the text file's lines in a column <c>line</c>.</summary>
    private static string Lines(IReadOnlyList<string> files, string encoding)
        => $"read_csv({List(files)}, delim = {SqlText.Literal(LineDelimiter)}, header = false, auto_detect = false, quote = '', escape = '', "
            + $"encoding = {SqlText.Literal(encoding)}, columns = {{'line': 'VARCHAR'}})";

    private string Relation(SourceConfig source, IReadOnlyList<string> files) => source.Format switch
    {
        SourceFormat.Parquet => $"read_parquet({List(files)}, union_by_name = true)",
        SourceFormat.Json => $"read_json({List(files)}, maximum_object_size = 67108864)",
        SourceFormat.Lines => Lines(files, source.Encoding),
        SourceFormat.Libsvm => new LibsvmSource(database, source, files).Relation(Lines(files, source.Encoding)),
        _ => Table(source, files),
    };

    private string Table(SourceConfig source, IReadOnlyList<string> files)
    {
        IReadOnlyList<string> columns = source.HasHeader ? Header(source, files) : source.Columns;
        if (columns.Count == 0)
            throw source.Node.Error("columns", "is missing; valid: the names of all columns in order, as the file has no header");
        foreach (string typed in source.Types.Keys)
            ThrowIfAbsent(source, files, columns, typed, "types");

        string types = string.Join(", ", columns.Select(column => $"{SqlText.Literal(column)}: {SqlText.Literal(TypeOf(source, column))}"));
        string nulls = source.NullText is null ? "" : $", nullstr = ['', {SqlText.Literal(source.NullText)}]";
        string quote = SqlText.Literal(source.Quote);
        return $"read_csv({List(files)}, delim = {SqlText.Literal(source.Delimiter)}, header = {(source.HasHeader ? "true" : "false")}, "
            + $"auto_detect = false, quote = {quote}, escape = {quote}, encoding = {SqlText.Literal(source.Encoding)}{nulls}, columns = {{{types}}})";
    }

    // What must be a number is read as one, so that a wrong value is reported with its line.
    private string TypeOf(SourceConfig source, string column)
    {
        if (source.Types.TryGetValue(column, out string? type))
            return type;
        bool isNumber = Same(column, config.LabelColumn)
            || config.Features.Any(feature => feature.Feature.IsRawNumber && Same(column, feature.Column));
        return isNumber ? "DOUBLE" : "VARCHAR";
    }

    private static bool Same(string column, string? other) => string.Equals(column, other, StringComparison.OrdinalIgnoreCase);

    private IReadOnlyList<string> Header(SourceConfig source, IReadOnlyList<string> files)
    {
        string? line;
        try
        {
            line = database.Text($"SELECT line FROM {Lines([files[0]], source.Encoding)} LIMIT 1");
        }
        catch (DuckException error)
        {
            throw SourceErrors.Translate(error, files[0]);
        }

        if (string.IsNullOrWhiteSpace(line))
            throw new DataException($"{files[0]}:1: the file is empty where a header is expected; valid: names of the columns, or 'header: false' and 'columns'");
        string[] names = [.. line.TrimStart('\uFEFF').TrimEnd('\r').Split(source.Delimiter).Select(name => source.Quote.Length > 0 ? name.Trim(source.Quote[0]) : name)];
        if (names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new DataException($"{files[0]}:1: the header names column '{twice.Key}' twice; valid: different names");
        foreach (string column in source.Columns)
            ThrowIfAbsent(source, files, names, column, "columns");
        return names;
    }

    private static void ThrowIfAbsent(SourceConfig source, IReadOnlyList<string> files, IReadOnlyList<string> columns, string name, string key)
    {
        if (columns.Contains(name, StringComparer.OrdinalIgnoreCase))
            return;
        string hint = NearestName.Find(name, columns) is { } nearest ? $"did you mean '{nearest}'? " : "";
        throw source.Node.Error(key, $"column '{name}' is not in {files[0]}; {hint}it has: {string.Join(", ", columns)}");
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

    private static string List(IReadOnlyList<string> files) => $"[{string.Join(", ", files.Select(SqlText.Literal))}]";
}
