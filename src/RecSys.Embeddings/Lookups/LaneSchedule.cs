namespace RecSys.Embeddings.Lookups;

/// <summary>Cuts the backward pass of one set, or of its computed vectors, into lanes and gives the lanes to workers. Reused from mini-batch to mini-batch.</summary>
internal sealed class LaneSchedule
{
    // Each further lane of a group costs a pass over the group's gradients, so a group has at most this many.
    private const int MaxLanes = 4;

    // Below this many gradient numbers one lane is faster.
    private const long MinLaneWeight = 1 << 16;

    private readonly TableGroup[] _groups;
    private readonly GradientLane[] _lanes;
    private readonly List<GradientLane> _active = [];
    private readonly List<GradientLane> _heaviestFirst = [];

    /// <summary>Creates a schedule.</summary>
    /// <param name="groups">The groups of the set.</param>
    public LaneSchedule(TableGroup[] groups)
    {
        _groups = groups;
        _lanes = [.. groups.SelectMany(g => Enumerable.Range(0, MaxLanes).Select(number => new GradientLane(g, number)))];
    }

    /// <summary>The lanes of this mini-batch, group after group; a list, because enumerating it allocates nothing.</summary>
    public List<GradientLane> Lanes => _active;

    /// <summary>
    /// Cuts the work. The cut depends on the mini-batch alone, never on the number of threads, so the sums are the same for any
    /// number of threads.
    /// </summary>
    public void Cut(LookupPlan plan, int chunkCount)
    {
        _active.Clear();
        long total = 0;
        foreach (TableGroup group in _groups)
            total += Weight(plan, group);

        for (int g = 0; g < _groups.Length; g++)
        {
            long weight = Weight(plan, _groups[g]);
            int count = weight < MinLaneWeight ? 1 : Math.Min(Math.Min(MaxLanes, chunkCount), 1 + (int)(MaxLanes * weight / total));
            for (int number = 0; number < count; number++)
            {
                GradientLane lane = _lanes[(g * MaxLanes) + number];
                lane.Start(chunkCount * number / count, chunkCount * (number + 1) / count, weight / count);
                _active.Add(lane);
            }
        }
    }

    /// <summary>Gives each lane, heaviest first, to the worker with the least work so far.</summary>
    public void Assign(int workerCount)
    {
        _heaviestFirst.Clear();
        _heaviestFirst.AddRange(_active);
        _heaviestFirst.Sort(static (a, b) => b.Weight.CompareTo(a.Weight));
        Span<long> load = stackalloc long[workerCount];
        load.Clear();
        foreach (GradientLane lane in _heaviestFirst)
        {
            int lightest = 0;
            for (int w = 1; w < workerCount; w++)
                lightest = load[w] < load[lightest] ? w : lightest;
            lane.Worker = lightest;
            load[lightest] += lane.Weight + 1;
        }
    }

    // Gradient numbers that are added up.
    private static long Weight(LookupPlan plan, TableGroup group)
    {
        long weight = 0;
        foreach (FeatureBinding feature in group.Features)
        {
            foreach (int table in feature.Tables)
                weight += (long)plan.IdCount(feature.Feature) * plan.Batch(table).Width;
        }

        return weight;
    }
}
