using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// k-means: centroids of points, and the nearest centroid of any point. It begins with distinct points drawn by a seed; a centroid
/// that has lost all its points begins anew at one of the points that are farthest from theirs. When there are no more distinct
/// points than centroids, every point is a centroid and stays one.
/// </summary>
/// <remarks>
/// Lloyd, "Least Squares Quantization in PCM", 1982. Points are compared with all centroids, so a round costs points · centroids ·
/// width. Results are the same bits for any number of threads: sums run in the order of the points. Immutable once made.
/// </remarks>
internal sealed class KMeans
{
    // Points of one job.
    private const int BlockPoints = 256;

    // Distances computed at once: they and the centroids' column stay in the first-level cache.
    private const int BlockCentroids = 1024;

    private readonly int _width;
    private readonly int _count;
    private readonly float[] _columns;

    private KMeans(int width, int count)
    {
        _width = width;
        _count = count;
        _columns = new float[width * count];
        Centroids = new float[width * count];
    }

    /// <summary>The centroids, row-major.</summary>
    public float[] Centroids { get; }

    /// <summary>Finds centroids.</summary>
    /// <param name="points">Finite numbers, row-major; at least one point.</param>
    /// <param name="width">Numbers per point.</param>
    /// <param name="count">Number of centroids; those beyond the distinct points repeat the first.</param>
    /// <param name="seed">Draws the points to begin with.</param>
    /// <param name="rounds">Rounds at most; fewer when nothing moves any more.</param>
    /// <param name="threadCount">Threads at most.</param>
    public static KMeans Of(float[] points, int width, int count, ulong seed, int rounds, int threadCount)
    {
        var means = new KMeans(width, count);
        means.Begin(points, seed);
        var nearest = new int[points.Length / width];
        var distances = new float[nearest.Length];
        for (int round = 0; round < rounds; round++)
        {
            means.Nearest(points, nearest, distances, threadCount);
            if (!means.Move(points, nearest, distances))
                break;
        }

        return means;
    }

    /// <summary>Finds the nearest centroid of each point; the first of several.</summary>
    /// <param name="points">Points, row-major.</param>
    /// <param name="nearest">Receives the numbers of the centroids.</param>
    /// <param name="distances">Receives the squared distances.</param>
    /// <param name="threadCount">Threads at most.</param>
    public void Nearest(float[] points, int[] nearest, float[] distances, int threadCount)
        => ParallelJobs.Run(
            (nearest.Length + BlockPoints - 1) / BlockPoints,
            threadCount,
            (Means: this, Points: points, Nearest: nearest, Distances: distances),
            static (block, s) => s.Means.NearestOfBlock(block, s.Points, s.Nearest, s.Distances));

    private void NearestOfBlock(int block, float[] points, int[] nearest, float[] distances)
    {
        Span<float> sums = stackalloc float[BlockCentroids];
        Span<float> differences = stackalloc float[BlockCentroids];
        int end = Math.Min(nearest.Length, (block + 1) * BlockPoints);
        for (int i = block * BlockPoints; i < end; i++)
        {
            distances[i] = float.PositiveInfinity;
            for (int first = 0; first < _count; first += BlockCentroids)
            {
                Span<float> squares = sums[..Math.Min(BlockCentroids, _count - first)];
                Distances(points.AsSpan(i * _width, _width), first, squares, differences[..squares.Length]);
                int least = TensorPrimitives.IndexOfMin<float>(squares);
                if (squares[least] < distances[i])
                    (nearest[i], distances[i]) = (first + least, squares[least]);
            }
        }
    }

    // Squared distances to consecutive centroids, number after number of the point: a vector of the processor holds as many centroids.
    private void Distances(ReadOnlySpan<float> point, int first, Span<float> squares, Span<float> differences)
    {
        squares.Clear();
        for (int column = 0; column < _width; column++)
        {
            TensorPrimitives.Subtract(_columns.AsSpan((column * _count) + first, squares.Length), point[column], differences);
            TensorPrimitives.MultiplyAdd<float>(differences, differences, squares, squares);
        }
    }

    private void Begin(float[] points, ulong seed)
    {
        int[] drawn = [.. Enumerable.Range(0, points.Length / _width)
            .OrderBy(i => RowHash.Mix((ulong)i ^ seed))
            .Distinct(new PointComparer(points, _width))
            .Take(_count)];
        for (int c = 0; c < _count; c++)
            Place(c, points.AsSpan(drawn[c < drawn.Length ? c : 0] * _width, _width));
    }

    // Moves each centroid to the mean of its points; true when one of them has moved.
    private bool Move(float[] points, int[] nearest, float[] distances)
    {
        var sums = new double[Centroids.Length];
        var counts = new int[_count];
        for (int i = 0; i < nearest.Length; i++)
        {
            counts[nearest[i]]++;
            for (int column = 0; column < _width; column++)
                sums[(nearest[i] * _width) + column] += points[(i * _width) + column];
        }

        bool isMoved = false;
        Span<float> mean = stackalloc float[_width];
        for (int c = 0; c < _count; c++)
        {
            if (counts[c] == 0)
                continue;
            for (int column = 0; column < _width; column++)
                mean[column] = (float)(sums[(c * _width) + column] / counts[c]);
            isMoved |= Place(c, mean);
        }

        int[] empty = [.. Enumerable.Range(0, _count).Where(c => counts[c] == 0)];
        return Reseed(empty, points, distances) || isMoved;
    }

    private bool Reseed(int[] empty, float[] points, float[] distances)
    {
        if (empty.Length == 0)
            return false;
        int[] farthest = [.. Enumerable.Range(0, distances.Length)
            .Where(i => distances[i] > 0)
            .OrderByDescending(i => distances[i])
            .Distinct(new PointComparer(points, _width))
            .Take(empty.Length)];
        for (int i = 0; i < farthest.Length; i++)
            Place(empty[i], points.AsSpan(farthest[i] * _width, _width));
        return farthest.Length > 0;
    }

    private bool Place(int centroid, ReadOnlySpan<float> point)
    {
        Span<float> place = Centroids.AsSpan(centroid * _width, _width);
        if (point.SequenceEqual(place))
            return false;
        point.CopyTo(place);
        for (int column = 0; column < _width; column++)
            _columns[(column * _count) + centroid] = point[column];
        return true;
    }

    // Two numbers of points are equal when the points have the same bits.
    private sealed class PointComparer(float[] points, int width) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => Bytes(x).SequenceEqual(Bytes(y));

        public int GetHashCode([DisallowNull] int obj) => (int)XxHash64.Compute(Bytes(obj));

        private ReadOnlySpan<byte> Bytes(int point) => MemoryMarshal.AsBytes(points.AsSpan(point * width, width));
    }
}
