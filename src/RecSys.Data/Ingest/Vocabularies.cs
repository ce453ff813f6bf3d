using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// Numbers the tokens of every field by falling number of train rows (ties by value), from 1; what is rarer than the field's
/// minimum count, unknown or missing is id 0. Of train rows the earliest may be enough, as for a vocabulary that is made once.
/// </summary>
internal sealed class Vocabularies(DuckDatabase database, DatasetConfig config, IReadOnlyList<DataFeature> features)
{
    /// <summary>Fields in the order of their first feature.</summary>
    internal IReadOnlyList<string> Fields { get; } = [.. features.Where(feature => feature.HasIds).Select(feature => feature.Field).Distinct()];

    /// <summary>The table (id, value, count) of a field.</summary>
    internal string Table(string field) => FormattableString.Invariant($"_vocabulary_{Fields.ToList().IndexOf(field)}");

    /// <summary>The ENUM type of a field.</summary>
    internal string Type(string field) => $"{Table(field)}_type";

    /// <summary>Fits one field.</summary>
    /// <returns>Number of ids, the unknown one included.</returns>
    internal long Fit(string field)
    {
        string[] tokens = [.. Enumerable.Range(0, features.Count).Where(i => features[i].Field == field && config.Features[i].History is null).Select(Tokens)];
        if (tokens.Length == 0)
        {
            FeatureConfig feature = config.Features.First(feature => feature.Feature.Field == field);
            throw feature.Node.Error("field", $"vocabulary '{field}' is filled by no feature with values of its own; valid: the field of a categorical, multi-valued or given sequence feature");
        }

        string minimum = config.MinCountOf(field).ToString(CultureInfo.InvariantCulture);
        database.Execute(
            $"""
            CREATE TABLE {Table(field)} AS
            SELECT (row_number() OVER (ORDER BY count DESC, value))::INTEGER AS id, value, count
            FROM (SELECT value, count(*) AS count FROM ({string.Join(" UNION ALL ", tokens)})
                  WHERE value IS NOT NULL GROUP BY value HAVING count(*) >= {minimum})
            ORDER BY id
            """);
        EncodedColumns.CreateType(database, Type(field), Table(field));
        return 1 + (database.Scalar<long>($"SELECT count(*) FROM {Table(field)}") ?? 0);
    }

    private string Tokens(int feature)
    {
        string value = features[feature].Kind == FeatureKind.Categorical ? new EncodedColumns(features, Type).Token(feature) : $"unnest({EventTable.Column(feature)})";
        string share = config.VocabularyShare.ToString(CultureInfo.InvariantCulture);
        string early = config.VocabularyShare < 1 ? $" AND split_key <= (SELECT quantile_disc(split_key, {share}) FROM _events WHERE s = 0)" : "";
        return $"SELECT {value} AS value FROM _events WHERE s = 0{early}";
    }
}
