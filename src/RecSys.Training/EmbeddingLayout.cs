using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Training.Configuration;
using RecSys.Training.Models;

namespace RecSys.Training;

/// <summary>Turns the configuration and a model's requests into tables: one embedding set per request.</summary>
public static class EmbeddingLayout
{
    /// <summary>Lays out the sets. Nothing large is allocated.</summary>
    /// <param name="config">Width, methods, budgets.</param>
    /// <param name="schema">Features of the data set.</param>
    /// <param name="requests">Look-ups of the model.</param>
    /// <exception cref="ConfigException">
    /// A method's option, or the name of a field or set, is wrong; or a method cannot reach its budget, then with a <see cref="BudgetException"/> inside.
    /// </exception>
    public static IReadOnlyList<EmbeddingSet> Build(EmbeddingConfig config, DataSchema schema, IReadOnlyList<SetRequest> requests)
    {
        foreach (string field in config.Fields.Keys.Where(f => !schema.Vocabularies.ContainsKey(f)))
            throw config.Node.Error("fields", $"the data set has no field '{field}'; valid are {string.Join(", ", schema.Vocabularies.Keys)}");
        foreach (string set in config.Sets.Keys.Where(s => requests.All(r => r.Name != s)))
            throw config.Node.Error("sets", $"the model has no embedding set '{set}'; valid are {string.Join(", ", requests.Select(r => r.Name))}");

        var groups = requests.SelectMany(r => GroupsOf(config, schema, r)).ToList();
        var layouts = new MethodLayout[groups.Count];
        foreach (var shared in groups.GroupBy(g => g.Spec))
            BuildShared(config, [.. shared], layouts, groups);
        return [.. requests.Select(r => new EmbeddingSet(
            r.Name, r.Features, MethodLayout.Concat([.. groups.Select((g, i) => (g, i)).Where(e => e.g.Request == r).Select(e => layouts[e.i])])))];
    }

    /// <summary>Bytes of full fp32 tables for all requests: the denominator of compression ratios.</summary>
    public static long FullByteCount(DataSchema schema, IReadOnlyList<SetRequest> requests)
        => requests.Sum(r => FieldsOf(r, schema).Sum(f => f.VocabularySize) * r.Dimension * sizeof(float));

    // A budget holds for everything laid out by one method, over all sets. Where a set cannot go as low as its share (a width of 1
    // cannot be narrowed), it takes its smallest size and the wider sets make up for it.
    private static void BuildShared(EmbeddingConfig config, List<Group> shared, MethodLayout[] layouts, List<Group> all)
    {
        var spec = shared[0].Spec;
        long full = shared.Sum(g => g.FullByteCount);
        long target = spec.Budget.Resolve(full);
        long excess = 0;
        foreach (var group in shared.OrderBy(g => g.Request.Dimension))
        {
            long share = (long)Math.Round((double)target / full * group.FullByteCount) - excess;
            long asked = Math.Clamp(share, 1, group.FullByteCount);
            try
            {
                layouts[all.IndexOf(group)] = Build(config, group, asked);
                excess = 0;
            }
            catch (BudgetException e)
            {
                layouts[all.IndexOf(group)] = Build(config, group, e.SmallestByteCount);
                excess = e.SmallestByteCount - share;
            }
        }

        if (excess > 0)
            throw Unreachable(spec, shared, new BudgetException(spec.Method.Name, target, target + excess, full));
    }

    private static ConfigException Unreachable(MethodSpec spec, List<Group> shared, BudgetException error)
    {
        string fields = string.Join(", ", shared.SelectMany(g => g.Fields).Select(f => f.Name).Distinct());
        string sets = string.Join(", ", shared.Select(g => g.Request.Name).Distinct());
        return new ConfigException(spec.Source.Error("budget", $"{error.Message} It is for the fields {fields} in the sets {sets}.").Message, error);
    }

    private static MethodLayout Build(EmbeddingConfig config, Group group, long byteCount)
    {
        var initializer = Initializers.Get(config.Initializer, group.Request.Dimension);
        var request = new MethodRequest(
            group.Request.Name, group.Fields, group.Request.Dimension, Budget.OfBytes(byteCount), config.HashSeed, initializer, group.Spec.Options)
        {
            Precision = group.Spec.Precision,
        };
        try
        {
            return group.Spec.Method.Build(request);
        }
        catch (ArgumentException e)
        {
            throw group.Spec.Source.Error("name", e.Message);
        }
    }

    private static IEnumerable<Group> GroupsOf(EmbeddingConfig config, DataSchema schema, SetRequest request)
        => FieldsOf(request, schema)
            .GroupBy(f => config.Fields.GetValueOrDefault(f.Name) ?? config.Sets.GetValueOrDefault(request.Name) ?? config.Method)
            .Select(group => new Group(request, group.Key, [.. group]));

    private static List<EmbeddingField> FieldsOf(SetRequest request, DataSchema schema)
        => [.. request.Features.Select(f => schema.EmbeddingFeatures[f.Feature].Field).Distinct()];

    // The fields of one set that share a method.
    private sealed record Group(SetRequest Request, MethodSpec Spec, IReadOnlyList<EmbeddingField> Fields)
    {
        public long FullByteCount => Fields.Sum(f => f.VocabularySize) * Request.Dimension * sizeof(float);
    }
}
