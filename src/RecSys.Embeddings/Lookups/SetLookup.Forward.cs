using System.Buffers;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Lookups;

internal sealed partial class SetLookup
{
    /// <summary>Computes the output block.</summary>
    public void Forward(LookupPlan plan, Span<float> output, int threadCount)
    {
        Compute(plan, threadCount);
        SpanJobs.Write(
            ChunkCount(plan.BatchSize),
            threadCount,
            output,
            (Set: this, Plan: plan),
            static (chunk, output, state) => state.Set.ForwardChunk(state.Plan, chunk, output));
    }

    /// <summary>Computes the vectors of distinct ids.</summary>
    public void Compute(LookupPlan plan, int threadCount)
    {
        int chunks = 0;
        foreach (FeatureBinding feature in _computed)
        {
            chunks += ChunkCount(plan.IdCount(feature.Feature));
            _ = plan.Batch(feature.Target).Values; // makes room, once
        }

        ParallelJobs.Run(chunks, threadCount, (Set: this, Plan: plan), static (chunk, state) => state.Set.ComputeChunk(state.Plan, chunk));
    }

    private void ComputeChunk(LookupPlan plan, int chunk)
    {
        int number = 0;
        for (; chunk >= ChunkCount(plan.IdCount(_computed[number].Feature)); number++)
            chunk -= ChunkCount(plan.IdCount(_computed[number].Feature));
        FeatureBinding feature = _computed[number];
        int first = chunk * ChunkSamples;
        int count = Math.Min(ChunkSamples, plan.IdCount(feature.Feature) - first);
        SourceRows[] rows = ArrayPool<SourceRows>.Shared.Rent(_maxSources);
        Span<float> vectors = plan.Batch(feature.Target).Values.Slice(first * _dimension, count * _dimension);
        feature.Combination.Forward(feature.Rows(plan, first, count, null, rows), count, vectors, _dimension);
        ArrayPool<SourceRows>.Shared.Return(rows, clearArray: true);
    }

    private void ForwardChunk(LookupPlan plan, int chunk, Span<float> output)
    {
        int first = chunk * ChunkSamples;
        int end = ChunkEnd(plan, chunk);
        SourceRows[] rows = ArrayPool<SourceRows>.Shared.Rent(_maxSources);
        for (int column = 0; column < _vectors.Length; column++)
        {
            FeatureBinding feature = _vectors[column];
            Span<float> vectors = output[(((first * _vectors.Length) + column) * _dimension)..];
            if (feature.IsSingle)
                feature.Combination.Forward(feature.Rows(plan, first, end - first, null, rows), end - first, vectors, _vectors.Length * _dimension);
            else
                ForwardPooled(plan, feature, first, end, vectors, rows);
        }

        for (int s = 0; s < _sequences.Length; s++)
            ForwardSequence(plan, s, first, end, output, rows);
        ArrayPool<SourceRows>.Shared.Return(rows, clearArray: true);
    }

    private void ForwardPooled(LookupPlan plan, FeatureBinding feature, int first, int end, Span<float> vectors, SourceRows[] rows)
    {
        ReadOnlySpan<int> offsets = plan.Offsets(feature.Feature);
        int stride = _vectors.Length * _dimension;
        for (int sample = first; sample < end;)
        {
            int runEnd = RunEnd(offsets, sample, end);
            int count = offsets[runEnd] - offsets[sample];
            float[] scratch = ArrayPool<float>.Shared.Rent(count * _dimension);
            feature.Combination.Forward(feature.Rows(plan, offsets[sample], count, null, rows), count, scratch, _dimension);
            EmbeddingKernels.PoolSegments(
                scratch, _dimension, offsets[sample..(runEnd + 1)], vectors[((sample - first) * stride)..], stride, feature.Pooling == Pooling.Mean);
            ArrayPool<float>.Shared.Return(scratch);
            sample = runEnd;
        }
    }

    private void ForwardSequence(LookupPlan plan, int sequence, int first, int end, Span<float> output, SourceRows[] rows)
    {
        FeatureBinding feature = _sequences[sequence];
        ReadOnlySpan<int> offsets = plan.Offsets(feature.Feature);
        int count = offsets[end] - offsets[first];
        Span<float> vectors = output.Slice(SequenceStart(plan, sequence) + (offsets[first] * _dimension), count * _dimension);
        feature.Combination.Forward(feature.Rows(plan, offsets[first], count, null, rows), count, vectors, _dimension);
    }
}
