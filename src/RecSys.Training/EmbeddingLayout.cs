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
        var groups = FieldGroup.Of(config, schema, requests);
        var byName = groups.GroupBy(g => g.Budgeted).SelectMany(g => BuildShared(config, [.. g], states ?? new Dictionary<string, MethodState>())).ToDictionary(g => g.Name);
        var laidOut = groups.ConvertAll(g => byName[g.Name]);
        for (int i = 1; i < laidOut.Count; i++)
            laidOut[i] = laidOut[i] with { FirstTable = laidOut[i - 1].FirstTable + laidOut[i - 1].Layout.Tables.Count };
        return new EmbeddingLayout(
            [.. requests.Select(r => new EmbeddingSet(r.Name, r.Features, MethodLayout.Concat([.. laidOut.Where((_, i) => groups[i].Set == r).Select(g => g.Layout)])))],
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
        => requests.Sum(r => FieldGroup.FieldsOf(r, schema).Sum(f => f.VocabularySize) * r.Dimension * sizeof(float));

    // A budget holds for everything laid out by one method, over all sets; what small fields take in full comes off it first. Where a
    // set cannot go as low as its share (a width of 1 cannot be narrowed), it takes its smallest size and the others make up for it.
    private static IEnumerable<EmbeddingGroup> BuildShared(EmbeddingConfig config, List<FieldGroup> shared, IReadOnlyDictionary<string, MethodState> states)
    {
        var spec = shared[0].Budgeted;
        long full = shared.Sum(g => g.FullByteCount);
        long target = spec.Budget.Resolve(full);
        long left = target - shared.FindAll(g => g.IsInFull).Sum(g => g.InFullByteCount);
        var sized = shared.FindAll(g => !g.IsInFull).ToDictionary(g => g, g => g.SmallestByteCount(config));
        if (sized.Values.Sum() > left)
            throw Unreachable(spec, shared, new BudgetException(spec.Method.Name, target, target - left + sized.Values.Sum(), full));

        var byteCounts = shared.ToDictionary(g => g, g => g.FullByteCount);
        while (sized.Count > 0)
        {
            double fraction = (double)left / sized.Keys.Sum(g => g.FullByteCount);
            foreach (var group in sized.Keys)
                byteCounts[group] = Math.Clamp((long)Math.Round(fraction * group.FullByteCount), 1, group.FullByteCount);
            var tooSmall = sized.Where(g => g.Value > byteCounts[g.Key]).ToList();
            if (tooSmall.Count == 0)
                break;
            foreach ((var group, long smallest) in tooSmall)
            {
                byteCounts[group] = smallest;
                left -= smallest;
                sized.Remove(group);
            }
        }

        return shared.Select(g => Build(config, g, byteCounts[g], states));
    }

    private static ConfigException Unreachable(MethodSpec spec, List<FieldGroup> shared, BudgetException error)
    {
        string fields = string.Join(", ", shared.SelectMany(g => g.Fields).Select(f => f.Name).Distinct());
        string sets = string.Join(", ", shared.Select(g => g.Set.Name).Distinct());
        return new ConfigException(spec.Source.Error("budget", $"{error.Message} It is for the fields {fields} in the sets {sets}.").Message, error);
    }

    private static EmbeddingGroup Build(EmbeddingConfig config, FieldGroup group, long byteCount, IReadOnlyDictionary<string, MethodState> states)
    {
        var request = group.Request(config) with
        {
            Budget = Budget.OfBytes(byteCount),
            State = states.GetValueOrDefault(group.Name) ?? MethodState.Start,
        };
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
}
