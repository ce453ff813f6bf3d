using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

/// <summary>
/// All look-ups of a model: features, and sets of tables that turn their ids into vectors. It holds no rows; rows come from an
/// <see cref="IRowReader"/> and are trained by an <see cref="IRowStore"/>.
/// </summary>
/// <remarks>
/// <para>A training step: <see cref="Plan"/> → <see cref="Gather"/> → <see cref="Forward"/> per set → the model →
/// <see cref="Backward"/> per set → <see cref="Apply"/>.</para>
/// <para>The output of a set is one flat block: first [batch, V, dimension] for its V features that are single-id or pooled, then
/// for each unpooled sequence feature [ids, dimension], sample after sample without padding; both in the order of the set.</para>
/// <para>Immutable and thread-safe; a plan is used by one thread at a time. Results are the same, bit for bit, for any
/// <see cref="ThreadCount"/>.</para>
/// </remarks>
public sealed partial class EmbeddingCollection
{
    private readonly IReadOnlyList<EmbeddingFeature> _features;
    private readonly SetLookup[] _sets;
    private readonly int[] _tableCounts;
    private readonly TableSpec[] _tables;
    private readonly TableUse[][] _uses;
    private readonly TableUse[] _codes;
    private readonly int[] _leaders;
    private readonly List<(int Distinct, int Width)> _computed = [];
    private readonly List<DistinctIds> _distinct = [];
    private readonly int _slotCount;

    /// <summary>Connects features to the tables of the sets.</summary>
    /// <param name="features">Columns of ids, in the order of the ids given to <see cref="Plan"/>.</param>
    /// <param name="sets">Groups of look-ups; each owns its tables.</param>
    /// <exception cref="ArgumentException">A set names a feature that does not exist or whose field it does not lay out, or two tables have the same name.</exception>
    public EmbeddingCollection(IReadOnlyList<EmbeddingFeature> features, IReadOnlyList<EmbeddingSet> sets)
    {
        _features = features;
        _tables = [.. sets.SelectMany(s => s.Layout.Tables)];
        foreach (IGrouping<string, TableSpec> twice in _tables.GroupBy(t => t.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            throw new ArgumentException($"Table '{twice.Key}' is defined {twice.Count()} times; the names of tables must be unique over all sets.", nameof(sets));

        _sets = new SetLookup[sets.Count];
        _tableCounts = [.. sets.Select(s => s.Layout.Tables.Count)];
        var uses = _tables.Select(_ => new List<TableUse>()).ToArray();
        List<TableUse> codes = [];
        int firstTable = 0;
        int slot = 0;
        for (int s = 0; s < _sets.Length; s++)
        {
            List<FeatureBinding> computed = [];
            var bindings = sets[s].Features.Select(f => Bind(sets[s], f, firstTable, uses, codes, computed, ref slot)).ToArray();
            _sets[s] = new SetLookup(s, sets[s].Layout.Dimension, bindings, computed);
            firstTable += _tableCounts[s];
        }

        _slotCount = slot;
        _uses = [.. uses.Select(u => u.ToArray())];
        _codes = [.. codes];
        _leaders = [.. Enumerable.Range(0, _tables.Length).Select(FindLeader)];
    }

    /// <summary>Tables of all sets, set after set: what a row store for this collection has to hold, in this order.</summary>
    public IReadOnlyList<TableSpec> Tables => _tables;

    /// <summary>Threads used by one call.</summary>
    /// <value>The number of processors by default; ≥ 1.</value>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Per table: the first table that is read by the same rules for the same features, often itself. It needs the same rows, so
    /// they are found once: first-order weights beside vectors, for example.
    /// </summary>
    internal ReadOnlySpan<int> Leaders => _leaders;

    /// <summary>Vectors that are computed once per distinct id: for which distinct ids, and how wide.</summary>
    internal IReadOnlyList<(int Distinct, int Width)> ComputedVectors => _computed;

    /// <summary>The passes of every set.</summary>
    internal IReadOnlyList<SetLookup> Sets => _sets;

    /// <summary>Lists of features whose ids are de-duplicated together.</summary>
    internal int DistinctCount => _distinct.Count;

    /// <summary>A plan for this collection, empty.</summary>
    public LookupPlan CreatePlan() => new(this, _features.Count, _sets, _slotCount);

    /// <summary>Reads the rows of all sets in one call.</summary>
    /// <param name="plan">A planned mini-batch.</param>
    /// <param name="rows">Where the rows live; its tables are <see cref="Tables"/>.</param>
    /// <exception cref="ArgumentException">The store holds other tables.</exception>
    /// <exception cref="InvalidOperationException">Nothing has been planned.</exception>
    public void Gather(LookupPlan plan, IRowReader rows)
    {
        CheckStore(rows);
        Own(plan).Gather(rows);
    }

    /// <summary>Numbers in the output block of a set.</summary>
    /// <param name="plan">A planned mini-batch.</param>
    /// <param name="set">Index of the set.</param>
    public int OutputLength(LookupPlan plan, int set) => _sets[set].OutputLength(plan);

    /// <summary>Computes the vectors of a set.</summary>
    /// <param name="plan">A gathered mini-batch.</param>
    /// <param name="set">Index of the set.</param>
    /// <param name="output">Receives the block, <see cref="OutputLength"/> numbers; every number is written.</param>
    /// <exception cref="ArgumentException"><paramref name="output"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The rows have not been gathered.</exception>
    public void Forward(LookupPlan plan, int set, Span<float> output)
    {
        CheckLength(plan, set, output.Length, nameof(output));
        _sets[set].Forward(plan, output, ThreadCount);
    }

    /// <summary>
    /// Sums the gradient of a set's output into <see cref="RowBatch.Gradients"/>; a second call for the same mini-batch replaces
    /// the sums of the first.
    /// </summary>
    /// <param name="plan">A gathered mini-batch.</param>
    /// <param name="set">Index of the set.</param>
    /// <param name="gradient">Gradient of the block that <see cref="Forward"/> gives.</param>
    /// <exception cref="ArgumentException"><paramref name="gradient"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The rows have not been gathered.</exception>
    public void Backward(LookupPlan plan, int set, ReadOnlySpan<float> gradient)
    {
        CheckLength(plan, set, gradient.Length, nameof(gradient));
        _sets[set].Backward(plan, gradient, ThreadCount);
        plan.MarkGradient(set);
    }

    /// <summary>What <see cref="Backward"/> has noted of the ids of a set's computed sources, feature after feature.</summary>
    /// <param name="plan">A mini-batch after its backward pass; the notes are gone when the next is planned.</param>
    /// <param name="set">Index of the set.</param>
    public IReadOnlyList<IdNotes> Notes(LookupPlan plan, int set) => _sets[set].Notes(Own(plan));

    /// <summary>Hands the gradients of all sets that went through <see cref="Backward"/> to the optimiser, in one call, once.</summary>
    /// <param name="plan">A mini-batch with gradients.</param>
    /// <param name="rows">Where the rows live; its tables are <see cref="Tables"/>.</param>
    /// <exception cref="ArgumentException">The store holds other tables.</exception>
    /// <exception cref="InvalidOperationException">No set has gradients, or they have been applied.</exception>
    public void Apply(LookupPlan plan, IRowStore rows)
    {
        CheckStore(rows);
        Own(plan).Apply(rows, _tableCounts);
    }

    private LookupPlan Own(LookupPlan plan)
        => plan.Owner == this ? plan : throw new ArgumentException("The plan was made by another collection.", nameof(plan));

    private void CheckLength(LookupPlan plan, int set, int length, string name)
    {
        Own(plan).RequireValues();
        int expected = OutputLength(plan, set);
        if (length != expected)
            throw new ArgumentException($"The block of set {set} has {expected} numbers in this mini-batch, but {length} were given.", name);
    }

    private void CheckStore(IRowReader rows)
    {
        IReadOnlyList<TableSpec> stored = rows.Tables;
        if (stored.Count != _tables.Length)
            throw new ArgumentException($"The store holds {stored.Count} tables, the collection needs {_tables.Length}.", nameof(rows));
        for (int t = 0; t < _tables.Length; t++)
        {
            TableSpec needed = _tables[t];
            if (!ReferenceEquals(stored[t], needed) && (stored[t].Name, stored[t].RowCount, stored[t].Width) != (needed.Name, needed.RowCount, needed.Width))
                throw new ArgumentException($"Table {t} of the store is {Describe(stored[t])}, the collection needs {Describe(needed)}.", nameof(rows));
        }

        static string Describe(TableSpec table) => $"'{table.Name}' [{table.RowCount} × {table.Width}]";
    }
}
