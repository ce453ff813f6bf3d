using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Training.Configuration;
using RecSys.Training.Models;

namespace RecSys.Training;

/// <summary>The fields of one embedding set that are laid out together.</summary>
/// <param name="Name">Unique name: the set's, with a number behind it where a set has several groups.</param>
/// <param name="Set">The set.</param>
/// <param name="Budgeted">The method whose budget pays for them.</param>
/// <param name="IsInFull">True for small fields, of which every id has a row of its own.</param>
/// <param name="Fields">The fields.</param>
internal sealed record FieldGroup(string Name, SetRequest Set, MethodSpec Budgeted, bool IsInFull, IReadOnlyList<EmbeddingField> Fields)
{
    /// <summary>How they are laid out.</summary>
    public MethodSpec Spec => IsInFull ? Budgeted.InFull : Budgeted;

    /// <summary>Bytes of full fp32 tables.</summary>
    public long FullByteCount => Fields.Sum(f => f.VocabularySize) * Set.Dimension * sizeof(float);

    /// <summary>Bytes of a row per id, in the precision that the budget is spent on.</summary>
    public long InFullByteCount => Fields.Sum(f => f.VocabularySize) * RowByteCount(Budgeted, Set);

    /// <summary>What the method is asked for, with the fields in full.</summary>
    /// <param name="config">First values, seed of the hashes.</param>
    public MethodRequest Request(EmbeddingConfig config)
        => new(Set.Name, Fields, Set.Dimension, Budget.Full, config.HashSeed, Initializers.Get(config.Initializer, Set.Dimension), Spec.Options)
        {
            Precision = Spec.SizedFor,
        };

    /// <summary>Fewest serving bytes that the method can reach.</summary>
    /// <param name="config">First values, seed of the hashes.</param>
    /// <exception cref="ConfigException">A method's option is wrong.</exception>
    public long SmallestByteCount(EmbeddingConfig config)
    {
        try
        {
            return Spec.Method.SmallestByteCount(Request(config));
        }
        catch (ArgumentException e)
        {
            throw Spec.Source.Error("name", e.Message);
        }
    }

    /// <summary>The groups of all sets, in the order of the sets.</summary>
    /// <param name="config">Methods, budgets.</param>
    /// <param name="schema">Features of the data set.</param>
    /// <param name="sets">Look-ups of the model.</param>
    /// <exception cref="ConfigException">A method's option, or the name of a field or set, is wrong.</exception>
    public static List<FieldGroup> Of(EmbeddingConfig config, DataSchema schema, IReadOnlyList<SetRequest> sets)
    {
        foreach (string field in config.Fields.Keys.Where(f => !schema.Vocabularies.ContainsKey(f)))
            throw config.Node.Error("fields", $"the data set has no field '{field}'; valid are {string.Join(", ", schema.Vocabularies.Keys)}");
        foreach (string set in config.Sets.Keys.Where(s => sets.All(r => r.Name != s)))
            throw config.Node.Error("sets", $"the model has no embedding set '{set}'; valid are {string.Join(", ", sets.Select(r => r.Name))}");

        var inFull = SmallFields(config, schema, sets);
        return [.. sets.SelectMany(set =>
        {
            var groups = FieldsOf(set, schema)
                .Select(f => (Field: f, Spec: config.MethodOf(set.Name, f.Name)))
                .GroupBy(f => (f.Spec, IsInFull: inFull.Contains((f.Spec, f.Field))), f => f.Field)
                .ToList();
            return groups.Select((fields, i) => new FieldGroup(
                groups.Count == 1 ? set.Name : FormattableString.Invariant($"{set.Name}/{i}"), set, fields.Key.Spec, fields.Key.IsInFull, [.. fields]));
        })];
    }

    /// <summary>The fields that a set looks up.</summary>
    /// <param name="set">The set.</param>
    /// <param name="schema">Features of the data set.</param>
    public static List<EmbeddingField> FieldsOf(SetRequest set, DataSchema schema)
        => [.. set.Features.Select(f => schema.EmbeddingFeatures[f.Feature].Field).Distinct()];

    // The smallest fields of every method, which its budget pays in full: as many as take no more than their share of it and leave
    // enough for the others.
    private static HashSet<(MethodSpec, EmbeddingField)> SmallFields(EmbeddingConfig config, DataSchema schema, IReadOnlyList<SetRequest> sets)
    {
        HashSet<(MethodSpec, EmbeddingField)> inFull = [];
        var lookups = sets.SelectMany(set => FieldsOf(set, schema).Select(field => (Spec: config.MethodOf(set.Name, field.Name), Set: set, Field: field)));
        foreach (var ofSpec in lookups.GroupBy(l => l.Spec).Where(g => !g.Key.IsFull))
        {
            var spec = ofSpec.Key;
            long full = ofSpec.Sum(l => l.Field.VocabularySize * l.Set.Dimension * sizeof(float));
            long budget = Math.Min(spec.Budget.Resolve(full), full);
            long taken = 0;
            HashSet<EmbeddingField> small = [];
            foreach (var field in ofSpec.GroupBy(l => l.Field).OrderBy(f => f.Key.VocabularySize).ThenBy(f => f.Key.Name, StringComparer.Ordinal))
            {
                long byteCount = field.Sum(l => field.Key.VocabularySize * RowByteCount(spec, l.Set));
                if (taken + byteCount > spec.FullShare * budget)
                    break;
                taken += byteCount;
                small.Add(field.Key);
            }

            long smallest = ofSpec.Where(l => !small.Contains(l.Field)).GroupBy(l => l.Set)
                .Sum(s => new FieldGroup(s.Key.Name, s.Key, spec, IsInFull: false, [.. s.Select(l => l.Field)]).SmallestByteCount(config));
            if (taken + smallest <= budget)
                inFull.UnionWith(small.Select(f => (spec, f)));
        }

        return inFull;
    }

    private static long RowByteCount(MethodSpec spec, SetRequest set) => spec.SizedFor.For(set.Dimension).RowByteCount(set.Dimension);
}
