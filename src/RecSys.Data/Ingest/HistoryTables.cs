using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// Builds behaviour sequences. The behaviours of a user are numbered in order; for an event, those with a strictly smaller order are a
/// prefix of them, so one number per event (<c>k</c>, the length of that prefix) says which items are its history. The items are kept
/// in blocks of the maximum length, each together with its predecessor: the last items of any prefix lie within one block, whatever
/// the length of a user's history.
/// </summary>
internal sealed class HistoryTables(DuckDatabase database, DatasetConfig config, Vocabularies vocabularies)
{
    /// <summary>Table of a sequence's prefix lengths: row number, length.</summary>
    internal static string Prefix(int feature) => FormattableString.Invariant($"_prefix_{feature}");

    /// <summary>Table of a sequence's blocks: user, block, place of the first item, items.</summary>
    internal static string Blocks(int feature) => FormattableString.Invariant($"_blocks_{feature}");

    /// <summary>Builds the tables of one sequence.</summary>
    internal void Create(int feature)
    {
        FeatureConfig sequence = config.Features[feature];
        string name = FormattableString.Invariant($"_behaviours_{feature}");
        string length = sequence.Feature.MaxLength.ToString(CultureInfo.InvariantCulture);
        database.Execute(
            $"""
            CREATE TABLE {name} AS
            SELECT u, o, {EncodedColumns.Id("value", vocabularies.Type(sequence.Feature.Field))} AS id, row_number() OVER (PARTITION BY u ORDER BY o, r) - 1 AS place
            FROM ({Behaviours(feature, sequence)})
            WHERE u IS NOT NULL AND o IS NOT NULL;

            CREATE TABLE {Blocks(feature)} AS
            SELECT u, block, greatest(block - 1, 0) * {length} AS first,
                   list_concat(coalesce(lag(ids) OVER (PARTITION BY u ORDER BY block), []), ids) AS ids
            FROM (SELECT u, place // {length} AS block, list(id ORDER BY place) AS ids FROM {name} GROUP BY u, block);

            CREATE TABLE {Prefix(feature)} AS
            SELECT e.r, ends.k
            FROM (SELECT rowid AS r, {Column("u", feature)} AS u, {Column("o", feature)} AS o FROM _events) e
            ASOF JOIN (SELECT u, o, max(place) + 1 AS k FROM {name} GROUP BY u, o) ends ON e.u = ends.u AND e.o > ends.o;

            DROP TABLE {name};
            """);
    }

    /// <summary>SQL of the items of an event, given <see cref="Join"/>.</summary>
    internal static string Select(int feature, int maxLength)
    {
        string length = maxLength.ToString(CultureInfo.InvariantCulture);
        string prefix = $"{Prefix(feature)}.k";
        string blocks = Blocks(feature);
        return $"CASE WHEN {prefix} IS NOT NULL THEN list_slice({blocks}.ids, greatest({prefix} - {length}, 0) - {blocks}.first + 1, {prefix} - {blocks}.first) ELSE [] END::INTEGER[]";
    }

    /// <summary>The joins that <see cref="Select"/> needs.</summary>
    internal static string Join(int feature, int maxLength)
    {
        string blocks = Blocks(feature);
        string prefix = Prefix(feature);
        return FormattableString.Invariant(
            $"""
            LEFT JOIN {prefix} ON {prefix}.r = _events.rowid
            LEFT JOIN {blocks} ON {blocks}.u = _events.{Column("u", feature)} AND {blocks}.block = ({prefix}.k - 1) // {maxLength}
            """);
    }

    private string Behaviours(int feature, FeatureConfig sequence)
    {
        HistoryConfig history = sequence.History!;
        if (history.Log is not null)
            return $"SELECT ({history.User}) AS u, {history.OrderSql()} AS o, ({history.Value})::VARCHAR AS value, row_number() OVER () AS r FROM {history.Log} WHERE {history.Filter}";

        int item = config.Features.ToList().FindIndex(other => string.Equals(other.Name, history.Of, StringComparison.OrdinalIgnoreCase));
        string token = FeatureSql.Token(config.Features[item].Feature, EventTable.Column(item));
        return $"SELECT {Column("u", feature)} AS u, {Column("o", feature)} AS o, {token} AS value, rowid AS r FROM _events WHERE {Column("p", feature)}";
    }

    private static string Column(string prefix, int feature) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{feature}");
}
