using System.Text.RegularExpressions;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Ingest;

/// <summary>A feature as configured: where its raw value comes from and what it becomes.</summary>
/// <param name="Feature">The feature, its transform not yet fitted.</param>
/// <param name="Sql">SQL of the raw value over the events; null for a sequence built from events.</param>
/// <param name="Column">The events' column when <paramref name="Sql"/> is just that.</param>
/// <param name="MinCount">Train occurrences an id needs; null where the entry does not say.</param>
/// <param name="BucketCount">Buckets of a quantile transform.</param>
/// <param name="History">How a sequence is built; null for given values.</param>
/// <param name="Node">The entry, for messages.</param>
internal sealed partial record FeatureConfig(
    DataFeature Feature, string? Sql, string? Column, int? MinCount, int BucketCount, HistoryConfig? History, ConfigNode Node)
{
    private const string LogSquaredBucket = "log_squared_bucket";

    internal string Name => Feature.Name;

    /// <summary>Reads one entry of <c>features:</c>; <c>columns:</c> makes several features of it.</summary>
    internal static IEnumerable<FeatureConfig> Read(ConfigNode node, int defaultMinCount)
    {
        IReadOnlyList<string> columns = ColumnRange.Expand(node.Strings("columns"));
        if (columns.Count == 0)
            return [ReadOne(node, node.String("name"), node.OptionalString("column"), defaultMinCount)];
        foreach (string single in new[] { "name", "column", "field" })
        {
            if (node.Has(single))
                throw node.Error(single, "cannot stand beside 'columns', which makes one feature per column; valid: one of the two");
        }

        return [.. columns.Select(column => ReadOne(node, column, column, defaultMinCount))];
    }

    /// <summary>Reads one entry of <c>crosses:</c>; every two of its features make a cross.</summary>
    internal static IEnumerable<FeatureConfig> ReadCrosses(ConfigNode node, IReadOnlyList<FeatureConfig> features, int defaultMinCount)
    {
        string[] valid = [.. features.Where(feature => feature.Feature.Kind == FeatureKind.Categorical).Select(feature => feature.Name)];
        IReadOnlyList<string> names = node.Has("features") ? ColumnRange.Expand(node.Strings("features")) : valid;
        if (names.FirstOrDefault(name => !valid.Contains(name)) is { } wrong)
            throw node.Error("features", $"'{wrong}' is not a categorical feature; {NearestName.Hint(wrong, valid)}valid: {string.Join(", ", valid)}");
        if (names.Count < 2)
            throw node.Error("features", "a cross needs two categorical features or more");
        int minCount = node.Int32("min_count", defaultMinCount, 1);
        return from first in Enumerable.Range(0, names.Count)
               from second in Enumerable.Range(first + 1, names.Count - first - 1)
               let name = Checked(node, $"{names[first]}.{names[second]}")
               let feature = new DataFeature(name, FeatureKind.Categorical, name, MaxLength: 1) { Cross = [names[first], names[second]] }
               select new FeatureConfig(feature, Sql: null, Column: null, minCount, BucketCount: 0, History: null, node);
    }

    private static FeatureConfig ReadOne(ConfigNode node, string name, string? column, int defaultMinCount)
    {
        FeatureKind kind = node.Choice("type", "categorical", "categorical", "multi_valued", "sequence", "numeric") switch
        {
            "categorical" => FeatureKind.Categorical,
            "multi_valued" => FeatureKind.MultiValued,
            "sequence" => FeatureKind.Sequence,
            _ => FeatureKind.Numeric,
        };
        HistoryConfig? history = kind == FeatureKind.Sequence && (node.Has("of") || node.Has("log")) ? HistoryConfig.Read(node) : null;
        string? expression = history is null ? node.OptionalString("expression") : null;
        if (expression is not null && node.Has("column"))
            throw node.Error("expression", "cannot stand beside 'column'; valid: one of the two");

        column = history is null && expression is null ? column ?? name : null;
        string? sql = history is null ? expression?.Replace("{column}", SqlText.Name(name), StringComparison.Ordinal) ?? SqlText.Name(column!) : null;
        var feature = new DataFeature(Checked(node, name), kind, Field(node, name, kind), MaxLength(node, kind))
        {
            Transform = ReadTransform(node, kind),
            Separator = kind is FeatureKind.MultiValued or FeatureKind.Sequence ? node.String("separator", "|") : "|",
        };
        return new FeatureConfig(feature, sql, column, MinCountOf(node, feature, defaultMinCount), BucketCountOf(node, feature), history, node);
    }

    private static string Field(ConfigNode node, string name, FeatureKind kind)
    {
        if (kind == FeatureKind.Numeric)
            return "";
        // A sequence built from a categorical feature shares its vocabulary; the configuration resolves it once all features are known.
        return Checked(node, node.String("field", node.OptionalString("of") ?? name));
    }

    private static int MaxLength(ConfigNode node, FeatureKind kind) => kind switch
    {
        FeatureKind.Sequence => node.Int32("max_length", 50, 1, 100_000),
        FeatureKind.MultiValued => node.Int32("max_length", 0, 0, 100_000),
        _ => 1,
    };

    private static TransformKind ReadTransform(ConfigNode node, FeatureKind kind) => kind switch
    {
        FeatureKind.Numeric => node.Choice("transform", "none", "none", "log1p", "minmax", "standard") switch
        {
            "log1p" => TransformKind.Log1p,
            "minmax" => TransformKind.MinMax,
            "standard" => TransformKind.Standard,
            _ => TransformKind.None,
        },
        FeatureKind.Categorical => node.Choice("transform", "none", "none", LogSquaredBucket, "quantile_bucket") switch
        {
            LogSquaredBucket => TransformKind.LogSquaredBucket,
            "quantile_bucket" => TransformKind.QuantileBucket,
            _ => TransformKind.None,
        },
        _ => TransformKind.None,
    };

    private static int? MinCountOf(ConfigNode node, DataFeature feature, int defaultMinCount)
    {
        if (!feature.HasIds)
            return null;
        return node.Has("min_count") ? node.Int32("min_count", defaultMinCount, 1) : null;
    }

    private static int BucketCountOf(ConfigNode node, DataFeature feature)
        => feature.Transform == TransformKind.QuantileBucket ? node.Int32("buckets", 10, 2, 256) : 0;

    private static string Checked(ConfigNode node, string name)
    {
        if (name is "label" or "group" || !IsName(name))
            throw node.Error(node.Has("name") ? "name" : "columns", $"'{name}' cannot name a feature; valid: letters, digits, '_', '-' and '.', starting with a letter or digit, but not 'label' or 'group'");
        return name;
    }

    /// <summary>Whether a feature or task can have the name.</summary>
    internal static bool IsName(string name) => NamePattern().IsMatch(name);

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    private static partial Regex NamePattern();
}
