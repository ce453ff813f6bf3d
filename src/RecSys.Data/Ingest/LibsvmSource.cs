using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// Lines <c>label id:value id:value …</c> as a relation with <c>label</c>, <c>ids</c> and <c>numbers</c>. When the source names
/// columns, every line must have that many entries and the ids become those columns in order.
/// </summary>
internal sealed class LibsvmSource(DuckDatabase database, SourceConfig source, IReadOnlyList<string> files)
{
    private const string Number = @"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?";

    internal string Relation(string lines)
    {
        foreach (string file in files)
            ThrowIfWrong(file);
        string columns = string.Concat(source.Columns.Select((column, index) => FormattableString.Invariant($", ids[{index + 1}] AS {SqlText.Name(column)}")));
        return $"""
            (SELECT label, ids, numbers{columns} FROM (
                SELECT parts[1]::DOUBLE AS label,
                       list_transform(parts[2:], lambda part: split_part(part, ':', 1)) AS ids,
                       list_transform(parts[2:], lambda part: split_part(part, ':', 2)::DOUBLE) AS numbers
                FROM (SELECT string_split(trim(line), ' ') AS parts FROM {lines})))
            """;
    }

    private void ThrowIfWrong(string file)
    {
        string lines = $"read_csv({SqlText.Literal(file)}, delim = {SqlText.Literal("\u0001")}, header = false, auto_detect = false, quote = '', escape = '', columns = {{'line': 'VARCHAR'}})";
        string count = source.Columns.Count > 0 ? FormattableString.Invariant($"{{{source.Columns.Count}}}") : "*";
        string pattern = $"{Number}( [^ :]+:{Number}){count} *";
        using DuckResult result = database.Query(
            $"SELECT number, line FROM (SELECT row_number() OVER () AS number, line FROM {lines}) WHERE NOT regexp_full_match(coalesce(line, ''), ?) LIMIT 1", pattern);
        if (result.Next() is not { RowCount: > 0 } chunk)
            return;

        string entries = source.Columns.Count > 0 ? FormattableString.Invariant($"{source.Columns.Count} entries 'id:value'") : "entries 'id:value'";
        throw new DataException($"{file}:{chunk[0].Values<long>()[0]}: valid is a numeric label and {entries}, separated by single spaces; the line reads '{chunk[1].Text(0)}'");
    }
}
