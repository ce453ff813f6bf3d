using System.Buffers;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Lookups;

internal sealed partial class SetLookup
{
    // Parts in which the sums of several lanes are added up.
    private const int AddUpParts = 8;

    /// <summary>Sums the gradients of the distinct rows.</summary>
    public void Backward(LookupPlan plan, ReadOnlySpan<float> gradient, int threadCount)
    {
        Run(plan, plan.Schedule(_number), ChunkCount(plan.BatchSize), gradient, threadCount);
        BackwardComputed(plan, threadCount);
    }

    /// <summary>Sums the gradients of the rows that the vectors of distinct ids are made of.</summary>
    public void BackwardComputed(LookupPlan plan, int threadCount)
    {
        if (_computed.Length == 0)
            return;
        int most = 0;
        foreach (FeatureBinding feature in _computed)
            most = Math.Max(most, plan.IdCount(feature.Feature));
        Run(plan, plan.ComputedSchedule(_number), ChunkCount(most), [], threadCount);
    }

    private void Run(LookupPlan plan, LaneSchedule schedule, int chunkCount, ReadOnlySpan<float> gradient, int threadCount)
    {
        schedule.Cut(plan, chunkCount);
        int workers = Math.Min(threadCount, schedule.Lanes.Count);
        schedule.Assign(workers);
        SpanJobs.Read(
            workers,
            threadCount,
            gradient,
            (Set: this, Plan: plan, Schedule: schedule, Chunks: chunkCount),
            static (worker, gradient, state) => state.Set.RunLanes(state.Plan, state.Schedule, state.Chunks, worker, gradient));
        AddUpLanes(plan, schedule.Lanes, threadCount);
    }

    private void RunLanes(LookupPlan plan, LaneSchedule schedule, int chunkCount, int worker, ReadOnlySpan<float> gradient)
    {
        List<GradientLane> lanes = schedule.Lanes;
        SourceRows[] rows = ArrayPool<SourceRows>.Shared.Rent(_maxSources);
        foreach (GradientLane lane in lanes)
        {
            if (lane.Worker == worker)
                lane.Clear(plan);
        }

        for (int chunk = 0; chunk < chunkCount; chunk++)
        {
            foreach (GradientLane lane in lanes)
            {
                if (lane.Worker != worker || chunk < lane.FirstChunk || chunk >= lane.EndChunk)
                    continue;
                foreach (FeatureBinding feature in lane.Group.Features)
                    BackwardFeature(plan, feature, lane, chunk, gradient, rows);
            }
        }

        ArrayPool<SourceRows>.Shared.Return(rows, clearArray: true);
    }

    private void BackwardFeature(LookupPlan plan, FeatureBinding feature, GradientLane lane, int chunk, ReadOnlySpan<float> gradient, SourceRows[] rows)
    {
        int first = chunk * ChunkSamples;
        if (feature.Target >= 0)
        {
            BackwardIds(plan, feature, lane, first, rows);
            return;
        }

        int end = ChunkEnd(plan, chunk);
        if (feature.IsSequence)
        {
            BackwardSequence(plan, feature, lane, first, end, gradient, rows);
            return;
        }

        int stride = _vectors.Length * _dimension;
        ReadOnlySpan<float> vectors = gradient[((first * stride) + (feature.Position * _dimension))..];
        if (feature.IsSingle)
            feature.Combination.Backward(feature.Rows(plan, first, end - first, lane, rows), end - first, vectors, stride);
        else
            BackwardPooled(plan, feature, lane, first, end, vectors, rows);
    }

    private void BackwardIds(LookupPlan plan, FeatureBinding feature, GradientLane lane, int first, SourceRows[] rows)
    {
        int count = Math.Min(ChunkSamples, plan.IdCount(feature.Feature) - first);
        if (count <= 0)
            return;
        ReadOnlySpan<float> gradients = plan.Batch(feature.Target).Gradients.Slice(first * _dimension, count * _dimension);
        feature.Combination.Backward(feature.Rows(plan, first, count, lane, rows), count, gradients, _dimension);
    }

    private void BackwardPooled(LookupPlan plan, FeatureBinding feature, GradientLane lane, int first, int end, ReadOnlySpan<float> vectors, SourceRows[] rows)
    {
        ReadOnlySpan<int> offsets = plan.Offsets(feature.Feature);
        int stride = _vectors.Length * _dimension;
        for (int sample = first; sample < end;)
        {
            int runEnd = RunEnd(offsets, sample, end);
            int count = offsets[runEnd] - offsets[sample];
            float[] scratch = ArrayPool<float>.Shared.Rent(count * _dimension);
            EmbeddingKernels.SpreadSegments(
                vectors[((sample - first) * stride)..], stride, offsets[sample..(runEnd + 1)], scratch, _dimension, feature.Pooling == Pooling.Mean);
            feature.Combination.Backward(feature.Rows(plan, offsets[sample], count, lane, rows), count, scratch, _dimension);
            ArrayPool<float>.Shared.Return(scratch);
            sample = runEnd;
        }
    }

    private void BackwardSequence(LookupPlan plan, FeatureBinding feature, GradientLane lane, int first, int end, ReadOnlySpan<float> gradient, SourceRows[] rows)
    {
        ReadOnlySpan<int> offsets = plan.Offsets(feature.Feature);
        int count = offsets[end] - offsets[first];
        ReadOnlySpan<float> vectors = gradient.Slice(SequenceStart(plan, feature.Position) + (offsets[first] * _dimension), count * _dimension);
        feature.Combination.Backward(feature.Rows(plan, offsets[first], count, lane, rows), count, vectors, _dimension);
    }

    private static void AddUpLanes(LookupPlan plan, List<GradientLane> lanes, int threadCount)
    {
        foreach (GradientLane lane in lanes)
        {
            if (lane.IsFirst)
                continue;
            foreach (int table in lane.Group.Tables)
                SpanJobs.Write(AddUpParts, threadCount, plan.Batch(table).Gradients, (Lane: lane, Table: table), AddUpPart);
            lane.Release();
        }
    }

    private static void AddUpPart(int part, Span<float> sums, (GradientLane Lane, int Table) source)
    {
        int start = (int)((long)sums.Length * part / AddUpParts);
        int end = (int)((long)sums.Length * (part + 1) / AddUpParts);
        source.Lane.AddTo(source.Table, start, sums[start..end]);
    }
}
