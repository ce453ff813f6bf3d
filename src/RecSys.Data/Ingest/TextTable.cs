using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// Text files of separated columns as DuckDB relations. Nothing about them is guessed, so that a wrong row or value is an error with its line.
/// </summary>
/// <param name="Files">Files of one form.</param>
/// <param name="Delimiter">What separates the columns.</param>
/// <param name="HasHeader">True when the first line of each file names the columns.</param>
/// <param name="Quote">The quote character, or empty.</param>
/// <param name="Encoding">DuckDB's name of the encoding.</param>
/// <param name="NullText">What stands for a missing value beside the empty text; null for nothing.</param>
internal sealed record TextTable(IReadOnlyList<string> Files, string Delimiter, bool HasHeader, string Quote, string Encoding, string? NullText)
{
    private const string LineDelimiter = "\u0001";

    /// <summary>A CSV or TSV file of the usual form, by its name.</summary>
    internal static TextTable Open(string file) => file.Contains(".tsv", StringComparison.OrdinalIgnoreCase)
        ? new TextTable([file], "\t", true, "", "utf-8", null)
        : new TextTable([file], ",", true, "\"", "utf-8", null);

    /// <summary>SQL of one relation with the rows of the files' lines in a column <c>line</c>.</summary>
    internal static string Lines(IReadOnlyList<string> files, string encoding)
        => $"read_csv({List(files)}, delim = {SqlText.Literal(LineDelimiter)}, header = false, auto_detect = false, quote = '', escape = '', "
            + $"encoding = {SqlText.Literal(encoding)}, columns = {{'line': 'VARCHAR'}})";

    /// <summary>A list of files for DuckDB's readers.</summary>
    internal static string List(IReadOnlyList<string> files) => $"[{string.Join(", ", files.Select(SqlText.Literal))}]";

    /// <summary>SQL of the relation.</summary>
    /// <param name="columns">All columns in the order of the file.</param>
    /// <param name="typeOf">DuckDB's type of a column.</param>
    internal string Relation(IReadOnlyList<string> columns, Func<string, string> typeOf)
    {
        string types = string.Join(", ", columns.Select(column => $"{SqlText.Literal(column)}: {SqlText.Literal(typeOf(column))}"));
        string nulls = NullText is null ? "" : $", nullstr = ['', {SqlText.Literal(NullText)}]";
        string quote = SqlText.Literal(Quote);
        return $"read_csv({List(Files)}, delim = {SqlText.Literal(Delimiter)}, header = {(HasHeader ? "true" : "false")}, "
            + $"auto_detect = false, quote = {quote}, escape = {quote}, encoding = {SqlText.Literal(Encoding)}{nulls}, columns = {{{types}}})";
    }

    /// <summary>The columns that the first file's header names.</summary>
    /// <exception cref="DataException">There is no header, or it names a column twice.</exception>
    internal IReadOnlyList<string> Header(DuckDatabase database)
    {
        string? line;
        try
        {
            line = database.Text($"SELECT line FROM {Lines([Files[0]], Encoding)} LIMIT 1");
        }
        catch (DuckException error)
        {
            throw SourceErrors.Translate(error, Files[0]);
        }

        if (string.IsNullOrWhiteSpace(line))
            throw new DataException($"{Files[0]}:1: the file is empty where a header is expected; valid: names of the columns, or 'header: false' and 'columns'");
        string[] names = [.. line.TrimStart('\uFEFF').TrimEnd('\r').Split(Delimiter).Select(name => Quote.Length > 0 ? name.Trim(Quote[0]) : name)];
        return names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DataException($"{Files[0]}:1: the header names column '{twice.Key}' twice; valid: different names")
            : names;
    }
}
