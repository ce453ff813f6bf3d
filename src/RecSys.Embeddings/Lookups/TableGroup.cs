namespace RecSys.Embeddings.Lookups;

/// <summary>Features that share tables, directly or through one another; the tables of two groups are disjoint.</summary>
internal sealed class TableGroup
{
    private TableGroup(FeatureBinding[] features)
    {
        Features = features;
        Tables = [.. features.SelectMany(f => f.Tables).Distinct()];
    }

    /// <summary>Features in the order of the set.</summary>
    public FeatureBinding[] Features { get; }

    /// <summary>Indices in the collection of all tables they read.</summary>
    public int[] Tables { get; }

    /// <summary>Splits features into groups.</summary>
    public static TableGroup[] Split(IReadOnlyList<FeatureBinding> features)
    {
        int[] label = [.. Enumerable.Range(0, features.Count)];
        var firstFeature = new Dictionary<int, int>();
        for (int i = 0; i < label.Length; i++)
        {
            foreach (int table in features[i].Tables)
            {
                if (!firstFeature.TryAdd(table, i))
                    Merge(label, label[firstFeature[table]], label[i]);
            }
        }

        return [.. label.Distinct().Select(g => new TableGroup([.. features.Where((_, i) => label[i] == g)]))];
    }

    private static void Merge(int[] label, int kept, int replaced)
    {
        for (int i = 0; i < label.Length; i++)
        {
            if (label[i] == replaced)
                label[i] = kept;
        }
    }
}
