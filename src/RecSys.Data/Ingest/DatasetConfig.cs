using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>A data set's configuration, checked as far as that is possible without the data.</summary>
internal sealed record DatasetConfig
{
    internal required string Name { get; init; }

    internal required IReadOnlyList<SourceConfig> Sources { get; init; }

    /// <summary>SQL that makes the events of the sources; null for all rows of all sources.</summary>
    internal required string? Query { get; init; }

    internal required LabelConfig Label { get; init; }

    /// <summary>Further labels.</summary>
    internal required IReadOnlyList<LabelConfig> Tasks { get; init; }

    internal required string? Group { get; init; }

    internal required IReadOnlyList<FeatureConfig> Features { get; init; }

    internal required SplitConfig Split { get; init; }

    internal required int MinCount { get; init; }

    /// <summary>Share of the train rows, the earliest, that ids are taken from; below 1 only with a split by time.</summary>
    internal required double VocabularyShare { get; init; }

    internal required long Seed { get; init; }

    internal required int RowsPerPart { get; init; }

    internal required DuckOptions Limits { get; init; }

    internal required ConfigNode Node { get; init; }

    internal static DatasetConfig Read(ConfigNode node)
    {
        string root = Root(node);
        long seed = node.Int64("seed", 2026, 0);
        int minCount = node.Int32("min_count", 1, 1);
        var config = new DatasetConfig
        {
            Name = node.String("name"),
            Sources = [.. node.NamedSections("sources").Select(source => SourceConfig.Read(source.Key, source.Value, root))],
            Query = node.OptionalString("query"),
            Label = LabelConfig.Read(node.Section("label")),
            Tasks = LabelConfig.ReadTasks(node.Sections("tasks")),
            Group = node.OptionalString("group"),
            Features = Resolve([.. node.Sections("features").SelectMany(feature => FeatureConfig.Read(feature, minCount))], node.Sections("crosses"), minCount),
            Split = SplitConfig.Read(node.Section("split"), seed),
            MinCount = minCount,
            VocabularyShare = node.Double("vocabulary_share", 1, 0.001, 1),
            Seed = seed,
            RowsPerPart = node.Int32("rows_per_part", 262_144, 1, 262_144),
            Limits = new DuckOptions { MemoryLimit = node.OptionalString("memory_limit"), ThreadCount = node.Int32("threads", 0, 0, 1024) },
            Node = node,
        };
        if (config.Sources.Count == 0)
            throw node.Error("sources", "is missing; valid: a section with one source per name");
        if (config.Features.Count == 0)
            throw node.Error("features", "is missing; valid: a list with at least one feature");
        if (config.VocabularyShare < 1 && config.Split.By != SplitRule.Time)
            throw node.Error("vocabulary_share", "is about the earliest rows, but the split is not by time; valid: split.by: time, or 1");
        node.ThrowOnUnknownKeys();
        return config;
    }

    /// <summary>Train occurrences that an id of a field needs.</summary>
    internal int MinCountOf(string field)
        => Features.FirstOrDefault(feature => feature.Feature.Field == field && feature.MinCount is not null)?.MinCount ?? MinCount;

    // The first folder that exists: sets lie in different places on different machines.
    private static string Root(ConfigNode node)
    {
        IReadOnlyList<string> roots = node.Strings("root");
        return roots.FirstOrDefault(Directory.Exists) ?? (roots.Count == 0 ? "" : roots[0]);
    }

    private static IReadOnlyList<FeatureConfig> Resolve(List<FeatureConfig> features, IEnumerable<ConfigNode> crosses, int minCount)
    {
        features.AddRange(crosses.SelectMany(node => FeatureConfig.ReadCrosses(node, [.. features], minCount)).ToList());
        var byName = new Dictionary<string, FeatureConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (FeatureConfig feature in features)
        {
            if (!byName.TryAdd(feature.Name, feature))
                throw feature.Node.Error("name", $"'{feature.Name}' names two features; valid: a name of its own (upper and lower case count as equal)");
        }

        FeatureConfig[] resolved = [.. features.Select(feature => WithField(feature, byName))];
        foreach (FeatureConfig feature in resolved)
            ThrowIfMinCountDiffers(feature, resolved);
        return resolved;
    }

    private static FeatureConfig WithField(FeatureConfig feature, Dictionary<string, FeatureConfig> byName)
    {
        if (feature.History?.Of is not { } of)
            return feature;
        if (byName.TryGetValue(of, out FeatureConfig? item) && item.Feature is { Kind: FeatureKind.Categorical, Cross: [] })
            return feature with { Feature = feature.Feature with { Field = item.Feature.Field } };
        string valid = string.Join(", ", byName.Values.Where(other => other.Feature is { Kind: FeatureKind.Categorical, Cross: [] }).Select(other => other.Name));
        throw feature.Node.Error("of", $"'{of}' is not a categorical feature; valid: {valid}");
    }

    private static void ThrowIfMinCountDiffers(FeatureConfig feature, IEnumerable<FeatureConfig> features)
    {
        FeatureConfig? other = features.FirstOrDefault(other => other.Feature.Field == feature.Feature.Field && other.MinCount is not null);
        if (feature.MinCount is { } count && other!.MinCount != count)
            throw feature.Node.Error("min_count", $"{count} differs from {other.MinCount} of feature '{other.Name}', which shares the vocabulary '{feature.Feature.Field}'; valid: one value per vocabulary");
    }
}
