using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Training.Configuration;
using RecSys.Training.Models;

namespace RecSys.Training;

/// <summary>The configuration and a model's requests as tables: one embedding set per request. Immutable.</summary>
/// <remarks>It owns the states of its methods.</remarks>
public sealed class EmbeddingLayout : IDisposable
{
    private readonly HashSet<PackedArray> _handedOver = [];

    private EmbeddingLayout(IReadOnlyList<EmbeddingSet> sets, IReadOnlyList<EmbeddingGroup> groups)
    {
        Sets = sets;
        Groups = groups;
    }

    /// <summary>One set per request of the model.</summary>
    public IReadOnlyList<EmbeddingSet> Sets { get; }

    /// <summary>The fields of each set that share a method, in the order of their tables.</summary>
    public IReadOnlyList<EmbeddingGroup> Groups { get; }

    /// <summary>Lays out the sets. Nothing large is allocated.</summary>
    /// <param name="config">Width, methods, budgets.</param>
    /// <param name="schema">Features of the data set.</param>
    /// <param name="requests">Look-ups of the model.</param>
    /// <param name="states">What methods have decided so far, by the name of their group; null before the first step.</param>
    /// <exception cref="ConfigException">
    /// A method's option, or the name of a field or set, is wrong; or a method cannot reach its budget, then with a <see cref="BudgetException"/> inside.
    /// </exception>
    public static EmbeddingLayout Build(
        EmbeddingConfig config, DataSchema schema, IReadOnlyList<SetRequest> requests, IReadOnlyDictionary<string, MethodState>? states = null)
    {
        foreach (string field in config.Fields.Keys.Where(f => !schema.Vocabularies.ContainsKey(f)))
            throw config.Node.Error("fields", $"the data set has no field '{field}'; valid are {string.Join(", ", schema.Vocabularies.Keys)}");
        foreach (string set in config.Sets.Keys.Where(s => requests.All(r => r.Name != s)))
            throw config.Node.Error("sets", $"the model has no embedding set '{set}'; valid are {string.Join(", ", requests.Select(r => r.Name))}");

        var inFull = SmallFields(config, schema, requests);
        var groups = requests.SelectMany(r => GroupsOf(config, schema, r, inFull, states ?? new Dictionary<string, MethodState>())).ToList();
        var laidOut = new EmbeddingGroup[groups.Count];
        foreach (var shared in groups.GroupBy(g => g.Budgeted))
            BuildShared(config, [.. shared], laidOut, groups);
        for (int i = 1; i < laidOut.Length; i++)
            laidOut[i] = laidOut[i] with { FirstTable = laidOut[i - 1].FirstTable + laidOut[i - 1].Layout.Tables.Count };
        return new EmbeddingLayout(
            [.. requests.Select(r => new EmbeddingSet(r.Name, r.Features, MethodLayout.Concat([.. laidOut.Where((_, i) => groups[i].Request == r).Select(g => g.Layout)])))],
            laidOut);
    }

    /// <summary>Leaves what both have to a layout that lives on.</summary>
    /// <param name="next">The other layout.</param>
    internal void HandOver(EmbeddingLayout next) => _handedOver.UnionWith(next.Groups.SelectMany(g => g.Request.State.Arrays.Values));

    /// <summary>Frees what the methods have decided.</summary>
    public void Dispose()
    {
        foreach (var group in Groups)
        {
            group.Layout.Dispose();
            foreach (var array in group.Request.State.Arrays.Values.Where(a => !_handedOver.Contains(a)))
                array.Dispose();
        }
    }

    /// <summary>Bytes of full fp32 tables for all requests: the denominator of compression ratios.</summary>
    public static long FullByteCount(DataSchema schema, IReadOnlyList<SetRequest> requests)
        => requests.Sum(r => FieldsOf(r, schema).Sum(f => FullByteCount(f, r)));

    // A budget holds for everything laid out by one method, over all sets; what small fields take in full comes off it first. Where a
    // set cannot go as low as its share (a width of 1 cannot be narrowed), it takes its smallest size and the wider sets make up for it.
    private static void BuildShared(EmbeddingConfig config, List<Group> shared, EmbeddingGroup[] laidOut, List<Group> all)
    {
        var spec = shared[0].Budgeted;
        long full = shared.Sum(g => g.FullByteCount);
        long target = spec.Budget.Resolve(full);
        foreach (var group in shared.Where(g => g.IsInFull))
            laidOut[all.IndexOf(group)] = Build(config, group, group.FullByteCount);

        var sized = shared.Where(g => !g.IsInFull).OrderBy(g => g.Request.Dimension).ToList();
        long left = target - shared.Where(g => g.IsInFull).Sum(g => g.InFullByteCount);
        long leftFull = sized.Sum(g => g.FullByteCount);
        long excess = 0;
        foreach (var group in sized)
        {
            long share = (long)Math.Round((double)left / leftFull * group.FullByteCount) - excess;
            long asked = Math.Clamp(share, 1, group.FullByteCount);
            try
            {
                laidOut[all.IndexOf(group)] = Build(config, group, asked);
                excess = 0;
            }
            catch (BudgetException e)
            {
                laidOut[all.IndexOf(group)] = Build(config, group, e.SmallestByteCount);
                excess = e.SmallestByteCount - share;
            }
        }

        if (excess > 0)
            throw Unreachable(spec, shared, new BudgetException(spec.Method.Name, target, target + excess, full));
    }

    // The smallest fields of every method, which its budget pays in full: as many as take no more than their share of it and leave
    // enough for the others.
    private static HashSet<(MethodSpec Spec, EmbeddingField Field)> SmallFields(EmbeddingConfig config, DataSchema schema, IReadOnlyList<SetRequest> requests)
    {
        HashSet<(MethodSpec, EmbeddingField)> inFull = [];
        var uses = requests.SelectMany(r => FieldsOf(r, schema).Select(f => (Spec: config.MethodOf(r.Name, f.Name), Field: f, Request: r)));
        foreach (var ofSpec in uses.GroupBy(u => u.Spec).Where(g => !g.Key.IsFull))
        {
            var spec = ofSpec.Key;
            long full = ofSpec.Sum(u => FullByteCount(u.Field, u.Request));
            long target = Math.Min(spec.Budget.Resolve(full), full);
            long taken = 0;
            var small = ofSpec.GroupBy(u => u.Field).OrderBy(f => f.Key.VocabularySize).ThenBy(f => f.Key.Name, StringComparer.Ordinal)
                .TakeWhile(f => (taken += f.Sum(u => RowByteCount(spec, u.Request) * f.Key.VocabularySize)) <= spec.FullShare * target)
                .SelectMany(f => f)
                .ToList();
            long needed = small.Sum(u => RowByteCount(spec, u.Request) * u.Field.VocabularySize)
                + ofSpec.Except(small).GroupBy(u => u.Request).Sum(s => Smallest(config, spec, s.Key, [.. s.Select(u => u.Field)]));
            if (needed <= target)
                inFull.UnionWith(small.Select(u => (spec, u.Field)));
        }

        return inFull;
    }

    private static long Smallest(EmbeddingConfig config, MethodSpec spec, SetRequest set, IReadOnlyList<EmbeddingField> fields)
    {
        try
        {
            return spec.Method.SmallestByteCount(Request(config, spec, set, fields, Budget.Full));
        }
        catch (ArgumentException e)
        {
            throw spec.Source.Error("name", e.Message);
        }
    }

    private static ConfigException Unreachable(MethodSpec spec, List<Group> shared, BudgetException error)
    {
        string fields = string.Join(", ", shared.SelectMany(g => g.Fields).Select(f => f.Name).Distinct());
        string sets = string.Join(", ", shared.Select(g => g.Request.Name).Distinct());
        return new ConfigException(spec.Source.Error("budget", $"{error.Message} It is for the fields {fields} in the sets {sets}.").Message, error);
    }

    private static EmbeddingGroup Build(EmbeddingConfig config, Group group, long byteCount)
    {
        var request = Request(config, group.Spec, group.Request, group.Fields, Budget.OfBytes(byteCount)) with { State = group.State };
        try
        {
            var layout = group.Spec.Method.Build(request);
            if (group.Spec.Precision != group.Spec.SizedFor)
                layout = layout.KeptAs(group.Spec.Precision);
            return new EmbeddingGroup(group.Name, group.Spec, request, layout, FirstTable: 0);
        }
        catch (ArgumentException e)
        {
            throw group.Spec.Source.Error("name", e.Message);
        }
    }

    private static MethodRequest Request(EmbeddingConfig config, MethodSpec spec, SetRequest set, IReadOnlyList<EmbeddingField> fields, Budget budget)
        => new(set.Name, fields, set.Dimension, budget, config.HashSeed, Initializers.Get(config.Initializer, set.Dimension), spec.Options)
        {
            Precision = spec.SizedFor,
        };

    private static List<Group> GroupsOf(
        EmbeddingConfig config, DataSchema schema, SetRequest request, HashSet<(MethodSpec, EmbeddingField)> inFull, IReadOnlyDictionary<string, MethodState> states)
    {
        var groups = FieldsOf(request, schema)
            .Select(f => (Field: f, Spec: config.MethodOf(request.Name, f.Name)))
            .GroupBy(f => (f.Spec, IsInFull: inFull.Contains((f.Spec, f.Field))), f => f.Field)
            .ToList();
        return [.. groups.Select((fields, i) =>
        {
            string name = groups.Count == 1 ? request.Name : FormattableString.Invariant($"{request.Name}/{i}");
            return new Group(name, request, fields.Key.Spec, fields.Key.IsInFull, [.. fields], states.GetValueOrDefault(name) ?? MethodState.Start);
        })];
    }

    private static List<EmbeddingField> FieldsOf(SetRequest request, DataSchema schema)
        => [.. request.Features.Select(f => schema.EmbeddingFeatures[f.Feature].Field).Distinct()];

    private static long FullByteCount(EmbeddingField field, SetRequest set) => field.VocabularySize * set.Dimension * sizeof(float);

    // Bytes of a row of full width in the precision that a budget is spent on.
    private static long RowByteCount(MethodSpec spec, SetRequest set) => spec.SizedFor.For(set.Dimension).RowByteCount(set.Dimension);

    // The fields of one set that share a method and the budget of it.
    private sealed record Group(string Name, SetRequest Request, MethodSpec Budgeted, bool IsInFull, IReadOnlyList<EmbeddingField> Fields, MethodState State)
    {
        public MethodSpec Spec => IsInFull ? Budgeted.InFull : Budgeted;

        public long FullByteCount => Fields.Sum(f => EmbeddingLayout.FullByteCount(f, Request));

        public long InFullByteCount => Fields.Sum(f => f.VocabularySize) * RowByteCount(Budgeted, Request);
    }
}
