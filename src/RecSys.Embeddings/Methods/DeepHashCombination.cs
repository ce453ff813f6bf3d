using System.Buffers;
using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The vector that a network computes from hash numbers. Sources: the code that an id's hash numbers are drawn from, then the layers,
/// read whole. An id that occurs several times in a run is computed once.
/// </summary>
internal sealed class DeepHashCombination(int dimension, bool isMish) : Combination
{
    // Ids that go through the network together: as many as share what is loaded of a matrix, few enough for the second-level cache.
    private const int TileIds = 64;

    // Beyond this, mish is the identity in single precision, and its exponential would overflow soon.
    private const float LargestExponent = 20;

    [ThreadStatic]
    private static RowIndexer? t_indexer;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        int[] places = ArrayPool<int>.Shared.Rent(count);
        ReadOnlySpan<long> codes = Distinct(sources[0].Codes, places);
        float[] results = ArrayPool<float>.Shared.Rent(codes.Length * dimension);
        float[] buffer = ArrayPool<float>.Shared.Rent(Length(sources, Math.Min(TileIds, codes.Length)));
        for (int first = 0; first < codes.Length; first += TileIds)
        {
            ReadOnlySpan<long> tile = codes.Slice(first, Math.Min(TileIds, codes.Length - first));
            int inputs = Run(sources, tile, buffer);
            MatrixKernel.Multiply(
                buffer.AsSpan(inputs), sources[^1].Values, tile.Length, Inputs(sources[^1]), dimension, results.AsSpan(first * dimension, tile.Length * dimension));
        }

        EmbeddingKernels.ExpandCopy(results.AsSpan(0, codes.Length * dimension), dimension, places.AsSpan(0, count), vectors, stride);
        ArrayPool<float>.Shared.Return(buffer);
        ArrayPool<float>.Shared.Return(results);
        ArrayPool<int>.Shared.Return(places);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        int[] places = ArrayPool<int>.Shared.Rent(count);
        ReadOnlySpan<long> codes = Distinct(sources[0].Codes, places);
        float[] sums = ArrayPool<float>.Shared.Rent(codes.Length * dimension);
        sums.AsSpan(0, codes.Length * dimension).Clear();
        EmbeddingKernels.ScatterAdd(gradients, stride, places.AsSpan(0, count), sums.AsSpan(0, codes.Length * dimension), dimension);
        float[] buffer = ArrayPool<float>.Shared.Rent(Length(sources, Math.Min(TileIds, codes.Length)));
        for (int first = 0; first < codes.Length; first += TileIds)
        {
            ReadOnlySpan<long> tile = codes.Slice(first, Math.Min(TileIds, codes.Length - first));
            RunBackward(sources, tile, buffer, sums.AsSpan(first * dimension, tile.Length * dimension));
        }

        ArrayPool<float>.Shared.Return(buffer);
        ArrayPool<float>.Shared.Return(sums);
        ArrayPool<int>.Shared.Return(places);
    }

    /// <summary>The hash numbers of an id: the uniform first values that its code would give a row, all below 1 in size.</summary>
    /// <param name="code">Code of the id.</param>
    /// <param name="numbers">Receives the numbers.</param>
    internal static void FillHashes(long code, Span<float> numbers) => InitialValues.Fill(Initializer.Uniform(1), (ulong)code, 0, numbers.Length, numbers);

    private static ReadOnlySpan<long> Distinct(ReadOnlySpan<long> codes, Span<int> places)
    {
        RowIndexer indexer = t_indexer ??= new RowIndexer();
        indexer.Clear();
        indexer.Add(codes, places);
        return indexer.Keys;
    }

    // A layer's matrix has a row per input and one for the bias, so the inputs end with a 1.
    private static int Inputs(in SourceRows layer) => layer.Values.Length / layer.Width;

    // Per layer its inputs and, but for the last, the sums that the next inputs are activated from; then one more layer of sums.
    private static int Length(ReadOnlySpan<SourceRows> sources, int ids)
    {
        int numbers = 0;
        foreach (SourceRows layer in sources[1..])
            numbers += Inputs(layer) + layer.Width;
        return ids * (numbers + sources[1].Width);
    }

    // Leaves the inputs and sums of all layers in the buffer, one after the other, and returns where the inputs of the last one begin.
    private int Run(ReadOnlySpan<SourceRows> sources, ReadOnlySpan<long> codes, Span<float> buffer)
    {
        int inputs = Inputs(sources[1]);
        for (int i = 0; i < codes.Length; i++)
        {
            Span<float> input = buffer.Slice(i * inputs, inputs);
            FillHashes(codes[i], input[..^1]);
            input[^1] = 1;
        }

        int start = 0;
        foreach (SourceRows layer in sources[1..^1])
        {
            int width = layer.Width;
            Span<float> sums = buffer.Slice(start + (codes.Length * inputs), codes.Length * width);
            MatrixKernel.Multiply(buffer[start..], layer.Values, codes.Length, inputs, width, sums);
            start += codes.Length * (inputs + width);
            inputs = width + 1;
            for (int i = 0; i < codes.Length; i++)
                Activate(sums.Slice(i * width, width), buffer.Slice(start + (i * inputs), inputs));
        }

        return start;
    }

    // Goes through the layers from the last; the gradient of a layer's sums takes their place.
    private void RunBackward(ReadOnlySpan<SourceRows> sources, ReadOnlySpan<long> codes, Span<float> buffer, Span<float> gradient)
    {
        int width = sources[1].Width;
        Span<float> inputGradient = buffer[..(codes.Length * width)];
        Span<float> numbers = buffer[inputGradient.Length..];
        int start = Run(sources, codes, numbers);
        for (int number = sources.Length - 1; ; number--)
        {
            SourceRows layer = sources[number];
            MatrixKernel.AddTransposedLeft(numbers[start..], gradient, Inputs(layer), codes.Length, layer.Width, layer.Gradients);
            if (number == 1)
                return;

            inputGradient.Clear();
            MatrixKernel.AddTransposedRight(gradient, layer.Values, codes.Length, layer.Width, width, inputGradient);
            gradient = numbers.Slice(start - (codes.Length * width), codes.Length * width);
            for (int i = 0; i < codes.Length; i++)
                MultiplySlopes(gradient.Slice(i * width, width), inputGradient.Slice(i * width, width));
            start -= codes.Length * (width + Inputs(sources[number - 1]));
        }
    }

    // One row at a time, so that the bits of a number depend on its place in the row alone.
    private void Activate(ReadOnlySpan<float> sums, Span<float> inputs)
    {
        Span<float> activated = inputs[..^1];
        inputs[^1] = 1;
        if (!isMish)
        {
            TensorPrimitives.Max(sums, 0f, activated);
            return;
        }

        TensorPrimitives.Min(sums, LargestExponent, activated);
        TensorPrimitives.Exp(activated, activated);
        for (int j = 0; j < activated.Length; j++)
            activated[j] = sums[j] * TanhSoftplus(activated[j]);
    }

    // sums = gradient of the activations · slope at the sums.
    private void MultiplySlopes(Span<float> sums, ReadOnlySpan<float> gradient)
    {
        for (int j = 0; j < sums.Length; j++)
            sums[j] = gradient[j] * (isMish ? MishSlope(sums[j]) : sums[j] > 0 ? 1 : 0);
    }

    // tanh(log(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1) with e = exp(x).
    private static float TanhSoftplus(float e)
    {
        float square = e * (e + 2);
        return square / (square + 2);
    }

    // mish(x) = x · t with t = tanh(softplus(x)): t + x · (1 − t²) · sigmoid(x), where 1 − t² = 4 (s + 1) / (s + 2)², s = e (e + 2).
    private static float MishSlope(float x)
    {
        float e = MathF.Exp(Math.Min(x, LargestExponent));
        float square = e * (e + 2);
        return TanhSoftplus(e) + (x * 4 * (square + 1) / ((square + 2) * (square + 2)) * e / (1 + e));
    }
}
