using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// The directions that carry the most of many vectors: what is left of the vectors beside the first c of them has the least sum of
/// squares that c directions can leave. They are the right singular vectors of the matrix with these rows.
/// </summary>
/// <remarks>
/// Vectors are only added up, as width × width products, so their number does not matter. The axes are the eigenvectors of the sum,
/// whose cost grows with width³: a second for 400 numbers. Sums are fp64 and in one order for any number of threads.
/// </remarks>
internal sealed class PrincipalAxes
{
    // Numbers of vectors that are multiplied at once: as fp64 they fit into the second-level cache.
    private const int BlockNumbers = 1 << 16;

    private readonly int _width;
    private readonly int _blockVectors;
    private readonly double[] _products;
    private readonly double[] _columns;

    /// <summary>Begins without vectors.</summary>
    /// <param name="width">Numbers per vector.</param>
    public PrincipalAxes(int width)
    {
        _width = width;
        _blockVectors = Math.Max(1, BlockNumbers / width);
        _products = new double[width * width];
        _columns = new double[width * _blockVectors];
    }

    /// <summary>Adds vectors.</summary>
    /// <param name="vectors">Finite numbers, vector after vector.</param>
    public void Add(ReadOnlySpan<float> vectors)
    {
        while (!vectors.IsEmpty)
        {
            int count = Math.Min(_blockVectors, vectors.Length / _width);
            for (int i = 0; i < count; i++)
            {
                for (int column = 0; column < _width; column++)
                    _columns[(column * count) + i] = vectors[(i * _width) + column];
            }

            ParallelJobs.Run(_width, Environment.ProcessorCount, (Axes: this, Count: count), static (row, s) => s.Axes.AddProducts(row, s.Count));
            vectors = vectors[(count * _width)..];
        }
    }

    /// <summary>The first axes, from the one that carries most.</summary>
    /// <param name="count">How many, at most the width.</param>
    /// <returns>[count × width], each of length 1 and at right angles to the others.</returns>
    public float[] First(int count)
    {
        Matrix<double> symmetric = Matrix<double>.Build.Dense(_width, _width, (i, j) => _products[(Math.Max(i, j) * _width) + Math.Min(i, j)]);
        Matrix<double> ascending = symmetric.Evd(Symmetricity.Symmetric).EigenVectors;
        float[] axes = new float[count * _width];
        for (int i = 0; i < axes.Length; i++)
            axes[i] = (float)ascending[i % _width, _width - 1 - (i / _width)];
        return axes;
    }

    // The matrix of the products is symmetric: one half will do.
    private void AddProducts(int row, int count)
    {
        ReadOnlySpan<double> own = _columns.AsSpan(row * count, count);
        for (int column = 0; column <= row; column++)
            _products[(row * _width) + column] += TensorPrimitives.Dot(own, _columns.AsSpan(column * count, count));
    }
}
