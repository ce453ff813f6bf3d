using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>SQL of a feature's way from a raw value to a token (the text a vocabulary numbers) or a number.</summary>
internal static class FeatureSql
{
    /// <summary>The raw value as it is stored: text, list of texts, or number; a bucket that needs no fitting is text already.</summary>
    /// <param name="feature">The feature.</param>
    /// <param name="sql">SQL of the value.</param>
    /// <param name="type">DuckDB's type of that SQL.</param>
    internal static string Raw(DataFeature feature, string sql, string type)
    {
        if (feature.Transform == TransformKind.LogSquaredBucket)
            return LogSquaredBucket($"({sql})::DOUBLE");
        if (feature.IsRawNumber)
            return $"({sql})::DOUBLE";
        if (feature.Kind == FeatureKind.Categorical)
            return $"({sql})::VARCHAR";

        string list = type.EndsWith("[]", StringComparison.Ordinal)
            ? $"list_filter(({sql})::VARCHAR[], lambda item: item IS NOT NULL)"
            : $"list_filter(string_split(({sql})::VARCHAR, {SqlText.Literal(feature.Separator)}), lambda item: item <> '')";
        if (feature.MaxLength == 0)
            return list;
        string length = feature.MaxLength.ToString(CultureInfo.InvariantCulture);
        return feature.Kind == FeatureKind.Sequence ? $"({list})[-{length}:]" : $"({list})[1:{length}]";
    }

    /// <summary>The token of a categorical feature's raw value; null where the value is missing.</summary>
    internal static string Token(DataFeature feature, string raw)
        => feature.Transform == TransformKind.QuantileBucket ? Bucket(feature.Parameters, raw) : raw;

    /// <summary>The number of a numeric feature; 0 where the value is missing or not finite.</summary>
    internal static string Number(DataFeature feature, string raw)
    {
        string sql = feature.Transform switch
        {
            TransformKind.Log1p => $"ln(1 + greatest({raw}, 0))",
            TransformKind.MinMax => Scaled(feature, raw, clip: true),
            TransformKind.Standard => Scaled(feature, raw, clip: false),
            _ => raw,
        };
        return $"(CASE WHEN isfinite({raw}) THEN {sql} ELSE 0 END)::FLOAT";
    }

    private static string Scaled(DataFeature feature, string raw, bool clip)
    {
        double width = clip ? feature.Parameters[1] - feature.Parameters[0] : feature.Parameters[1];
        if (width == 0)
            return "0";
        string scaled = $"({raw} - {Text(feature.Parameters[0])}) / {Text(width)}";
        return clip ? $"least(greatest({scaled}, 0), 1)" : scaled;
    }

    private static string LogSquaredBucket(string number)
        => $"CASE WHEN {number} > 2 THEN floor(pow(ln({number}), 2)) ELSE floor({number}) END::BIGINT::VARCHAR";

    // A sum of comparisons runs column by column; a function over a list of bounds would run row by row.
    private static string Bucket(IReadOnlyList<double> bounds, string raw)
        => $"CASE WHEN {raw} IS NOT NULL THEN (0{string.Concat(bounds.Select(bound => $" + ({raw} > {Text(bound)})::INTEGER"))})::VARCHAR END";

    private static string Text(double value) => $"({value.ToString("R", CultureInfo.InvariantCulture)})::DOUBLE";
}
