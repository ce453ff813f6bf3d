using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>SQL that turns raw values into ids and numbers: for each feature what to select and what to join.</summary>
/// <param name="database">Takes the tables of encoded lists.</param>
/// <param name="relation">Relation of the raw values.</param>
/// <param name="vocabulary">Relation (id, value) of a field.</param>
internal sealed class EncodedColumns(DuckDatabase database, string relation, Func<string, string> vocabulary)
{
    private readonly List<string> _selects = [];
    private readonly List<string> _joins = [];

    /// <summary>The columns, in the order added.</summary>
    internal string Selects => string.Join(",\n", _selects);

    /// <summary>The joins with <c>relation</c>.</summary>
    internal string Joins => string.Join("\n", _joins);

    /// <summary>Adds a feature with a raw value.</summary>
    /// <param name="feature">The feature, its transform fitted.</param>
    /// <param name="raw">Its column in the relation.</param>
    internal void Add(DataFeature feature, string raw)
    {
        string column = $"{relation}.{raw}";
        switch (feature.Kind)
        {
            case FeatureKind.Numeric:
                _selects.Add($"{FeatureSql.Number(feature, column)} AS {SqlText.Name(feature.Name)}");
                break;
            case FeatureKind.Categorical:
                string ids = $"ids_{raw}";
                Add(feature, $"coalesce({ids}.id, 0)::INTEGER", $"LEFT JOIN {vocabulary(feature.Field)} {ids} ON {ids}.value = {FeatureSql.Token(feature, column)}");
                break;
            default:
                string lists = $"_lists_{raw}";
                CreateLists(feature, raw, lists);
                Add(feature, $"coalesce({lists}.ids, [])::INTEGER[]", $"LEFT JOIN {lists} ON {lists}.items = {column}");
                break;
        }
    }

    /// <summary>Adds a feature whose ids come from a join of the caller.</summary>
    internal void Add(DataFeature feature, string select, string join)
    {
        _selects.Add($"{select} AS {SqlText.Name(feature.Name)}");
        _joins.Add(join);
    }

    // Few lists are distinct (sets of genres), so each is encoded once and joined.
    private void CreateLists(DataFeature feature, string raw, string table)
        => database.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE {table} AS
            SELECT items, list(coalesce(v.id, 0) ORDER BY place) AS ids
            FROM (SELECT items, unnest(items) AS value, generate_subscripts(items, 1) AS place
                  FROM (SELECT DISTINCT {raw} AS items FROM {relation} WHERE len({raw}) > 0)) parts
            LEFT JOIN {vocabulary(feature.Field)} v ON v.value = parts.value
            GROUP BY items
            """);
}
