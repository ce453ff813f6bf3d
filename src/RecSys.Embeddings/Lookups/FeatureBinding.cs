using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Lookups;

/// <summary>A feature of a set with its sources resolved to tables of the collection.</summary>
internal sealed class FeatureBinding
{
    private readonly int[] _tableOfSource;

    /// <summary>Creates a binding.</summary>
    /// <param name="feature">Index of the feature in the collection.</param>
    /// <param name="isSingle">True when every sample has exactly one id.</param>
    /// <param name="pooling">Pooling of several ids.</param>
    /// <param name="layout">Sources and combination.</param>
    /// <param name="firstTable">Index in the collection of the layout's first table.</param>
    /// <param name="firstSlot">The plan's slot of the first source.</param>
    public FeatureBinding(int feature, bool isSingle, Pooling pooling, FieldLayout layout, int firstTable, int firstSlot)
    {
        Feature = feature;
        Field = layout.Field;
        IsSingle = isSingle;
        Pooling = pooling;
        Combination = layout.Combination;
        Sources = layout.Sources;
        _tableOfSource = [.. layout.Sources.Select(s => firstTable + s.Table)];
        Tables = [.. layout.Sources.Where(s => !s.IsCode).Select(s => firstTable + s.Table)];
        FirstSlot = firstSlot;
    }

    /// <summary>Index in the collection of the computed vectors that the binding makes; −1 for features, whose vectors go into the output.</summary>
    public int Target { get; init; } = -1;

    /// <summary>Index of the feature in the collection; behind all features those of distinct ids.</summary>
    public int Feature { get; }

    /// <summary>Field of the ids.</summary>
    public EmbeddingField Field { get; }

    /// <summary>True when every sample has exactly one id.</summary>
    public bool IsSingle { get; }

    /// <summary>True when every id keeps its own vector.</summary>
    public bool IsSequence => !IsSingle && Pooling == Pooling.None;

    /// <summary>True when the vector of an id is one row, with zeros behind it where that is narrower.</summary>
    public bool IsOneRow => Sources is [{ IsCode: false, Addressing: not null }] && Combination.Step(0) == RowStep.Place;

    /// <summary>True when the rows of an id, taken one after the other, make its vector.</summary>
    public bool IsMadeInSteps => Enumerable.Range(0, Sources.Count).All(s => !Sources[s].IsCode && Sources[s].Addressing is not null && Combination.Step(s) is not null);

    /// <summary>Place among the single vectors, or among the sequences, of its set; given once by the set.</summary>
    public int Position { get; set; }

    /// <summary>Pooling of several ids.</summary>
    public Pooling Pooling { get; }

    /// <summary>How rows become the vector.</summary>
    public Combination Combination { get; }

    /// <summary>Rows read per id.</summary>
    public IReadOnlyList<RowSource> Sources { get; }

    /// <summary>Index in the collection of the table of each source that reads rows.</summary>
    public int[] Tables { get; }

    /// <summary>The plan's slot of the first source; the others follow.</summary>
    public int FirstSlot { get; }

    /// <summary>Fills the rows of a run of ids, one entry per source.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="firstId">First id of the run among the feature's ids of the mini-batch.</param>
    /// <param name="count">Ids of the run.</param>
    /// <param name="lane">Where gradients are summed, or null when only values are read.</param>
    /// <param name="buffer">Room for the entries.</param>
    public ReadOnlySpan<SourceRows> Rows(LookupPlan plan, int firstId, int count, GradientLane? lane, SourceRows[] buffer)
    {
        for (int k = 0; k < _tableOfSource.Length; k++)
            buffer[k] = Rows(plan, k, firstId, count, lane);
        return buffer.AsSpan(0, _tableOfSource.Length);
    }

    private SourceRows Rows(LookupPlan plan, int source, int firstId, int count, GradientLane? lane)
    {
        if (Sources[source].IsCode)
            return new SourceRows(plan.Codes[FirstSlot + source], firstId, count, lane is null ? null : plan.Notes[FirstSlot + source]);
        int table = _tableOfSource[source];
        RowBatch batch = plan.Batch(table);
        int start = plan.Starts[FirstSlot + source];
        float[]? gradients = lane?.Buffer(table);
        return Sources[source].Addressing is null
            ? new SourceRows(batch, start, batch.Count, gradients)
            : new SourceRows(batch, start + firstId, count, gradients);
    }
}
