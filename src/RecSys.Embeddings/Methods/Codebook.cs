using System.Buffers;
using System.Numerics.Tensors;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The centroids of a product quantisation, turned so that a number is compared with one coordinate of all centroids of its part at once.
/// </summary>
/// <remarks>Lives for one run of ids; gives its memory back when it is disposed.</remarks>
internal readonly ref struct Codebook
{
    private readonly float[] _turned;
    private readonly float[] _scores;
    private readonly int _centroids;
    private readonly int _width;

    /// <summary>Prepares centroids.</summary>
    /// <param name="centroids">[parts · centroids per part × width of a part], part after part.</param>
    /// <param name="parts">Number of parts.</param>
    /// <param name="width">Numbers of a part.</param>
    public Codebook(ReadOnlySpan<float> centroids, int parts, int width)
    {
        _width = width;
        _centroids = centroids.Length / (parts * width);
        _turned = ArrayPool<float>.Shared.Rent(parts * (width + 1) * _centroids);
        _scores = ArrayPool<float>.Shared.Rent(_centroids);
        for (int row = 0; row < parts * _centroids; row++)
        {
            ReadOnlySpan<float> centroid = centroids.Slice(row * width, width);
            var (part, k) = Math.DivRem(row, _centroids);
            for (int j = 0; j < width; j++)
                Coordinate(part, j)[k] = centroid[j];
            Coordinate(part, width)[k] = TensorPrimitives.SumOfSquares(centroid) / -2;
        }
    }

    /// <summary>The row of the centroid nearest to a part of a vector; of equally near ones the first.</summary>
    /// <param name="part">Number of the part.</param>
    /// <param name="vector">The numbers of the part.</param>
    /// <param name="usable">Centroids of the part that may be chosen: the first ones.</param>
    public int Nearest(int part, ReadOnlySpan<float> vector, int usable)
    {
        // ‖v − c‖² is smallest where v·c − ‖c‖²/2 is largest.
        Span<float> scores = _scores.AsSpan(0, usable);
        Coordinate(part, _width)[..usable].CopyTo(scores);
        for (int j = 0; j < vector.Length; j++)
            TensorPrimitives.MultiplyAdd(Coordinate(part, j)[..usable], vector[j], scores, scores);
        return (part * _centroids) + TensorPrimitives.IndexOfMax(scores);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(_turned);
        ArrayPool<float>.Shared.Return(_scores);
    }

    private Span<float> Coordinate(int part, int column) => _turned.AsSpan(((part * (_width + 1)) + column) * _centroids, _centroids);
}
