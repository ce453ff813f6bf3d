using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

/// <summary>
/// The look-ups of one mini-batch: the distinct rows it needs of every table, and where the vector of each id comes from. Made
/// by <see cref="EmbeddingCollection.CreatePlan"/> and refilled by <see cref="EmbeddingCollection.Plan"/> for every mini-batch;
/// the memory is kept.
/// </summary>
/// <remarks>
/// Not thread-safe, but several plans of one collection can be at different stages on different threads: one is filled by the
/// reader while another is trained on.
/// </remarks>
public sealed class LookupPlan
{
    private readonly RowBatch[] _batches;
    private readonly RowBatch[] _vectors;
    private readonly RowBatch[] _distinct;
    private readonly RowBatch[] _applied;
    private readonly int[][] _offsets;
    private readonly int[] _idCounts;
    private readonly int[][] _firstSamples;
    private readonly bool[] _hasFirstSamples;
    private int[] _firstOfId = [];
    private readonly bool[] _hasGradient;
    private readonly LaneSchedule[] _schedules;
    private readonly LaneSchedule[] _computedSchedules;
    private bool _isPlanned;
    private bool _isGathered;

    internal LookupPlan(EmbeddingCollection owner, int featureCount, IReadOnlyList<SetLookup> sets, int slotCount)
    {
        Owner = owner;
        _batches = new RowBatch[owner.Tables.Count];
        for (int t = 0; t < _batches.Length; t++)
        {
            int leader = owner.Leaders[t];
            _batches[t] = leader == t ? new RowBatch(t, owner.Tables[t].Width) : _batches[leader].Twin(t, owner.Tables[t].Width);
        }

        _vectors = new RowBatch[owner.ComputedVectors.Count];
        _distinct = new RowBatch[owner.DistinctCount];
        for (int v = 0; v < _vectors.Length; v++)
        {
            var (distinct, width) = owner.ComputedVectors[v];
            _vectors[v] = _distinct[distinct]?.Twin(_batches.Length + v, width) ?? (_distinct[distinct] = new RowBatch(_batches.Length + v, width));
        }

        _applied = new RowBatch[_batches.Length];
        _offsets = [.. Enumerable.Range(0, featureCount).Select(_ => Array.Empty<int>())];
        _idCounts = new int[featureCount];
        _firstSamples = [.. _offsets];
        _hasFirstSamples = new bool[featureCount];
        _hasGradient = new bool[sets.Count];
        _schedules = [.. sets.Select(s => s.CreateSchedule())];
        _computedSchedules = [.. sets.Select(s => s.CreateComputedSchedule())];
        Starts = new int[slotCount];
        Codes = [.. Enumerable.Range(0, slotCount).Select(_ => Array.Empty<long>())];
        Notes = [.. Codes.Select(_ => Array.Empty<float>())];
    }

    /// <summary>Number of samples.</summary>
    public int BatchSize { get; private set; }

    /// <summary>The distinct rows, one batch per table in the order of <see cref="EmbeddingCollection.Tables"/>.</summary>
    public ReadOnlySpan<RowBatch> Batches => _batches;

    /// <summary>
    /// Per sample the first sample with the same id, for a single-id feature of few ids (at most a quarter of the batch); empty for
    /// others. What is computed from the vector of such a feature alone can be computed once per id.
    /// </summary>
    /// <param name="feature">Index of the feature.</param>
    public ReadOnlySpan<int> FirstSamples(int feature) => _firstSamples[feature].AsSpan(0, _hasFirstSamples[feature] ? BatchSize : 0);

    /// <summary>The collection that made the plan.</summary>
    internal EmbeddingCollection Owner { get; }

    /// <summary>Per source of every feature of every set: its first occurrence in the row batch.</summary>
    internal int[] Starts { get; }

    /// <summary>Per look-up: the numbers computed for its ids; as many as ids, or more. Empty where rows are read.</summary>
    internal long[][] Codes { get; }

    /// <summary>Per look-up: room for a note beside each number of <see cref="Codes"/>.</summary>
    internal float[][] Notes { get; }

    /// <summary>The rows of a table, or behind all tables the vectors of distinct ids.</summary>
    internal RowBatch Batch(int table) => table < _batches.Length ? _batches[table] : _vectors[table - _batches.Length];

    /// <summary>The distinct ids of some features, with their places.</summary>
    internal RowBatch Distinct(int number) => _distinct[number];

    /// <summary>Number of ids of a feature in the mini-batch; behind all features of distinct ids.</summary>
    internal int IdCount(int feature) => feature < _idCounts.Length ? _idCounts[feature] : _distinct[feature - _idCounts.Length].Count;

    /// <summary>The ids of a feature; behind all features distinct ids.</summary>
    internal ReadOnlySpan<long> Ids(int feature, IReadOnlyList<JaggedIds> ids) => feature < ids.Count ? ids[feature].Values : _distinct[feature - ids.Count].Rows;

    /// <summary>Where each sample of a feature starts among its ids; empty for single-id features.</summary>
    internal ReadOnlySpan<int> Offsets(int feature) => _offsets[feature];

    /// <summary>The schedule of a set's backward pass.</summary>
    internal LaneSchedule Schedule(int set) => _schedules[set];

    /// <summary>The schedule of the backward pass of a set's computed vectors.</summary>
    internal LaneSchedule ComputedSchedule(int set) => _computedSchedules[set];

    /// <summary>Computes the numbers of one look-up.</summary>
    internal void Compute(TableUse code, IReadOnlyList<JaggedIds> ids)
    {
        ReadOnlySpan<long> values = Ids(code.Feature, ids);
        ref long[] codes = ref Codes[code.Slot];
        if (codes.Length < values.Length)
        {
            codes = new long[Math.Max(values.Length, 2 * codes.Length)];
            Notes[code.Slot] = new float[codes.Length];
        }

        code.Addressing!.Address(values, codes);
    }

    /// <summary>Starts a mini-batch: copies its shape, so that the ids need not outlive the planning.</summary>
    internal void Begin(IReadOnlyList<JaggedIds> ids)
    {
        BatchSize = ids.Count == 0 ? 0 : ids[0].BatchSize;
        _isPlanned = true;
        _isGathered = false;
        Array.Clear(_hasGradient);
        for (int f = 0; f < ids.Count; f++)
        {
            ReadOnlySpan<int> offsets = ids[f].Offsets;
            if (_offsets[f].Length < offsets.Length)
                _offsets[f] = new int[offsets.Length];
            offsets.CopyTo(_offsets[f]);
            _idCounts[f] = ids[f].Values.Length;
        }
    }

    /// <summary>Fills <see cref="FirstSamples"/> of a feature.</summary>
    /// <param name="feature">Index of the feature.</param>
    /// <param name="ids">Its ids, one per sample, all below the size of the vocabulary.</param>
    /// <param name="vocabularySize">Number of ids there are.</param>
    internal void FindFirstSamples(int feature, JaggedIds ids, long vocabularySize)
    {
        _hasFirstSamples[feature] = ids.IsSingle && vocabularySize <= BatchSize / 4;
        if (!_hasFirstSamples[feature])
            return;
        if (_firstOfId.Length < vocabularySize)
            _firstOfId = new int[BatchSize / 4];
        if (_firstSamples[feature].Length < BatchSize)
            _firstSamples[feature] = new int[BatchSize];
        Array.Fill(_firstOfId, -1, 0, (int)vocabularySize);
        ReadOnlySpan<long> values = ids.Values;
        for (int sample = 0; sample < values.Length; sample++)
        {
            ref int first = ref _firstOfId[values[sample]];
            if (first < 0)
                first = sample;
            _firstSamples[feature][sample] = first;
        }
    }

    /// <summary>Reads the values of all rows in one call.</summary>
    internal void Gather(IRowReader rows)
    {
        if (!_isPlanned)
            throw new InvalidOperationException("The plan holds no mini-batch: call Plan before Gather.");
        rows.Gather(_batches);
        _isGathered = true;
    }

    /// <summary>Fails unless the values of the rows have been read.</summary>
    internal void RequireValues()
    {
        if (!_isGathered)
            throw new InvalidOperationException("The plan holds no values of this mini-batch: call Plan and Gather before Forward and Backward.");
    }

    /// <summary>Notes that the gradients of a set's rows are complete.</summary>
    internal void MarkGradient(int set) => _hasGradient[set] = true;

    /// <summary>Updates, in one call, the trained rows of all sets that have gradients.</summary>
    /// <param name="rows">The store.</param>
    /// <param name="tableCounts">Tables per set.</param>
    internal void Apply(IRowStore rows, ReadOnlySpan<int> tableCounts)
    {
        int count = 0;
        int first = 0;
        for (int set = 0; set < tableCounts.Length; set++)
        {
            for (int t = first; _hasGradient[set] && t < first + tableCounts[set]; t++)
            {
                if (Owner.Tables[t].IsTrained)
                    _applied[count++] = _batches[t];
            }

            first += tableCounts[set];
        }

        if (!_hasGradient.AsSpan().Contains(true))
            throw new InvalidOperationException("The plan holds no gradients of this mini-batch: call Backward before Apply, and Apply once.");
        rows.Apply(_applied.AsSpan(0, count));
        Array.Clear(_hasGradient);
    }
}
