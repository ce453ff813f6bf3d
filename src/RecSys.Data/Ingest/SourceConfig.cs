using RecSys.Data.Configuration;

namespace RecSys.Data.Ingest;

/// <summary>A source: files of one format that become one relation.</summary>
/// <param name="Name">Name of the relation.</param>
/// <param name="Paths">Files or globs.</param>
/// <param name="Format">Their format.</param>
/// <param name="Delimiter">What separates the columns of text.</param>
/// <param name="HasHeader">True when the first line names the columns.</param>
/// <param name="Quote">The quote character of text, or empty.</param>
/// <param name="Encoding">The encoding of text.</param>
/// <param name="NullText">What stands for a missing value beside the empty text; null for nothing.</param>
/// <param name="Columns">Names of the columns; may be empty where the file names them.</param>
/// <param name="Types">DuckDB types of columns that are not plain text.</param>
/// <param name="Split">The split all its rows belong to, or null.</param>
/// <param name="Node">The section, for messages.</param>
internal sealed record SourceConfig(
    string Name, IReadOnlyList<string> Paths, SourceFormat Format, string Delimiter, bool HasHeader, string Quote, string Encoding,
    string? NullText, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, string> Types, string? Split, ConfigNode Node)
{
    internal static SourceConfig Read(string name, ConfigNode node, string root)
    {
        if (name.StartsWith('_'))
            throw node.Error("", $"'{name}' cannot name a source; valid: a name that does not start with '_'");
        IReadOnlyList<string> paths = node.Strings("path");
        if (paths.Count == 0)
            throw node.Error("path", "is missing; valid: a file, a glob or a list of them");

        SourceFormat format = node.Choice("format", Guess(paths[0]), "csv", "tsv", "parquet", "json", "libsvm", "lines") switch
        {
            "tsv" => SourceFormat.Tsv,
            "parquet" => SourceFormat.Parquet,
            "json" => SourceFormat.Json,
            "libsvm" => SourceFormat.Libsvm,
            "lines" => SourceFormat.Lines,
            _ => SourceFormat.Csv,
        };
        bool isTable = format is SourceFormat.Csv or SourceFormat.Tsv;
        bool isText = isTable || format is SourceFormat.Libsvm or SourceFormat.Lines;
        string delimiter = isTable ? node.String("delimiter", format == SourceFormat.Tsv ? "\t" : ",") : "\u0001";
        return new SourceConfig(
            name,
            [.. paths.Select(path => Path.Combine(root, path))],
            format,
            delimiter,
            isTable && node.Boolean("header", true),
            isTable ? Quoting(node, delimiter) : "",
            isText ? node.String("encoding", "utf-8") : "utf-8",
            isTable ? node.OptionalString("null_text") : null,
            isTable || format == SourceFormat.Libsvm ? ColumnRange.Expand(node.Strings("columns")) : [],
            isTable ? node.Section("types").Scalars() : new Dictionary<string, string>(),
            node.OptionalString("split"),
            node);
    }

    // Only comma-separated files quote by habit; a stray quote elsewhere is part of a value.
    private static string Quoting(ConfigNode node, string delimiter)
        => node.Choice("quote", delimiter == "," ? "double" : "none", "double", "single", "none") switch
        {
            "double" => "\"",
            "single" => "'",
            _ => "",
        };

    private static string Guess(string path)
    {
        string name = path;
        foreach (string compression in new[] { ".gz", ".zst" })
        {
            if (name.EndsWith(compression, StringComparison.OrdinalIgnoreCase))
                name = name[..^compression.Length];
        }

        return Path.GetExtension(name).ToUpperInvariant() switch
        {
            ".TSV" => "tsv",
            ".PARQUET" => "parquet",
            ".JSON" or ".JSONL" or ".NDJSON" => "json",
            ".LIBSVM" or ".LIBFM" or ".SVM" => "libsvm",
            _ => "csv",
        };
    }
}
