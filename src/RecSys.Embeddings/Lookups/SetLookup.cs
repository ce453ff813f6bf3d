using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Lookups;

/// <summary>The forward and backward pass of one set. Immutable; all state of a mini-batch lives in its plan.</summary>
internal sealed partial class SetLookup
{
    // Samples per work item: the output of a chunk stays in the second-level cache while all features pass over it.
    private const int ChunkSamples = 256;

    // Ids per run of a pooled feature, so that their vectors stay in the first- or second-level cache until they are summed.
    private const int PooledRunIds = 512;

    private readonly FeatureBinding[] _vectors;
    private readonly FeatureBinding[] _sequences;
    private readonly FeatureBinding[] _computed;
    private readonly TableGroup[] _groups;
    private readonly TableGroup[] _computedGroups;
    private readonly int _number;
    private readonly int _dimension;
    private readonly int _maxSources;

    /// <summary>Creates the passes of a set.</summary>
    /// <param name="number">Index of the set in its collection.</param>
    /// <param name="dimension">Width of the vectors.</param>
    /// <param name="features">Features in the order of the set.</param>
    /// <param name="computed">Vectors of distinct ids that features read.</param>
    public SetLookup(int number, int dimension, IReadOnlyList<FeatureBinding> features, IReadOnlyList<FeatureBinding> computed)
    {
        _number = number;
        _dimension = dimension;
        _vectors = [.. features.Where(f => !f.IsSequence)];
        _sequences = [.. features.Where(f => f.IsSequence)];
        for (int i = 0; i < _vectors.Length; i++)
            _vectors[i].Position = i;
        for (int i = 0; i < _sequences.Length; i++)
            _sequences[i].Position = i;
        _computed = [.. computed];
        _groups = TableGroup.Split(features);
        _computedGroups = TableGroup.Split(computed);
        _maxSources = features.Concat(computed).Select(f => f.Sources.Count).DefaultIfEmpty().Max();
        Features = [.. features];
        ComputedVectors = _computed;
        IsComputedInSteps = _computed.All(c => c.IsMadeInSteps);
        ReadsRows = features.All(f => f.IsOneRow) && !features.SelectMany(f => f.Tables).Intersect(computed.SelectMany(c => c.Tables)).Any();
    }

    /// <summary>Width of the vectors.</summary>
    public int Dimension => _dimension;

    /// <summary>The features in the order of the set.</summary>
    public IReadOnlyList<FeatureBinding> Features { get; }

    /// <summary>The vectors of distinct ids that features read.</summary>
    public IReadOnlyList<FeatureBinding> ComputedVectors { get; }

    /// <summary>True when the vector of every id is a row of a table, or of <see cref="ComputedVectors"/>, and no table is read for both.</summary>
    public bool ReadsRows { get; }

    /// <summary>A schedule for the backward pass of this set, to be kept by a plan.</summary>
    public LaneSchedule CreateSchedule() => new(_groups);

    /// <summary>A schedule for the backward pass of the computed vectors.</summary>
    public LaneSchedule CreateComputedSchedule() => new(_computedGroups);

    /// <summary>Numbers of the output block.</summary>
    public int OutputLength(LookupPlan plan) => SequenceStart(plan, _sequences.Length);

    /// <summary>True when the rows of an id, taken one after the other, make each of <see cref="ComputedVectors"/>.</summary>
    public bool IsComputedInSteps { get; }

    /// <summary>Where the vectors of a feature lie in the output block: the first number, the distance of two vectors, how many there are.</summary>
    public (int First, int Stride, int Count) PlaceOf(LookupPlan plan, FeatureBinding feature) => feature.IsSequence
        ? (SequenceStart(plan, feature.Position), _dimension, plan.IdCount(feature.Feature))
        : (feature.Position * _dimension, _vectors.Length * _dimension, plan.BatchSize);

    /// <summary>The notes of all computed sources.</summary>
    public IReadOnlyList<IdNotes> Notes(LookupPlan plan)
    {
        List<IdNotes> notes = [];
        foreach (FeatureBinding feature in _vectors.Concat(_sequences))
        {
            int count = plan.IdCount(feature.Feature);
            for (int s = 0; s < feature.Sources.Count; s++)
            {
                if (feature.Sources[s].IsCode)
                    notes.Add(new IdNotes(feature.Field, plan.Codes[feature.FirstSlot + s].AsMemory(0, count), plan.Notes[feature.FirstSlot + s].AsMemory(0, count)));
            }
        }

        return notes;
    }

    // The block of a sequence feature starts after all single vectors and the sequence blocks before it.
    private int SequenceStart(LookupPlan plan, int sequence)
    {
        long rows = (long)plan.BatchSize * _vectors.Length;
        for (int i = 0; i < sequence; i++)
            rows += plan.IdCount(_sequences[i].Feature);
        return checked((int)(rows * _dimension));
    }

    private static int ChunkCount(int samples) => (samples + ChunkSamples - 1) / ChunkSamples;

    private static int ChunkEnd(LookupPlan plan, int chunk) => Math.Min(plan.BatchSize, (chunk + 1) * ChunkSamples);

    // The end of a run of samples with about PooledRunIds ids, at least one sample.
    private static int RunEnd(ReadOnlySpan<int> offsets, int sample, int end)
    {
        int limit = offsets[sample] + PooledRunIds;
        int runEnd = sample + 1;
        while (runEnd < end && offsets[runEnd + 1] <= limit)
            runEnd++;
        return runEnd;
    }
}
