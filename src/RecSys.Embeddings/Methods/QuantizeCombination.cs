using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A row of which every part is replaced by the nearest centroid. Sources: the row, the centroids (read whole), and per id the number of
/// centroids that it may use. Backwards the row gets the vector's gradient as if nothing had been replaced, and every centroid is drawn
/// to the parts that it stands for.
/// </summary>
internal sealed class QuantizeCombination(int dimension, int parts) : Combination
{
    private readonly int _width = dimension / parts;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        ReadOnlySpan<int> index = sources[0].Index;
        ReadOnlySpan<float> rows = sources[0].Values;
        ReadOnlySpan<float> centroids = sources[1].Values;
        ReadOnlySpan<long> usable = sources[2].Codes;
        using var codebook = new Codebook(centroids, parts, _width);
        for (int i = 0; i < count; i++)
        {
            for (int part = 0; part < parts; part++)
            {
                int nearest = codebook.Nearest(part, rows.Slice((index[i] * dimension) + (part * _width), _width), (int)usable[i]);
                centroids.Slice(nearest * _width, _width).CopyTo(vectors[((i * stride) + (part * _width))..]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        EmbeddingKernels.ScatterAdd(gradients, stride, sources[0].Index, sources[0].Gradients, dimension);
        ReadOnlySpan<int> index = sources[0].Index;
        ReadOnlySpan<float> rows = sources[0].Values;
        ReadOnlySpan<float> centroids = sources[1].Values;
        Span<float> centroidGradients = sources[1].Gradients;
        ReadOnlySpan<long> usable = sources[2].Codes;
        using var codebook = new Codebook(centroids, parts, _width);

        // The gradient of the mean of ‖centroid − part‖² over the distinct ids of the run.
        float share = 2f / count;
        for (int i = 0; i < count; i++)
        {
            for (int part = 0; part < parts; part++)
            {
                ReadOnlySpan<float> query = rows.Slice((index[i] * dimension) + (part * _width), _width);
                int nearest = codebook.Nearest(part, query, (int)usable[i]) * _width;
                for (int j = 0; j < query.Length; j++)
                    centroidGradients[nearest + j] += share * (centroids[nearest + j] - query[j]);
            }
        }
    }
}
