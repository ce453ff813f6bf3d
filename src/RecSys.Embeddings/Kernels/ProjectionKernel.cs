using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// A row vector times a small matrix, and its gradients. <see cref="Vector{T}"/> holds as many numbers as the
/// machine's registers (8 with AVX2); numbers beyond the last full vector are handled one by one.
/// </summary>
internal static class ProjectionKernel
{
    /// <summary>vector = row · matrix.</summary>
    /// <param name="row">[width].</param>
    /// <param name="matrix">[width × dimension], row-major.</param>
    /// <param name="vector">Receives [dimension].</param>
    public static void Multiply(ReadOnlySpan<float> row, ReadOnlySpan<float> matrix, Span<float> vector)
    {
        Debug.Assert(matrix.Length == row.Length * vector.Length, "The matrix has one row per number of the row.");
        ref float weights = ref MemoryMarshal.GetReference(matrix);
        ref float output = ref MemoryMarshal.GetReference(vector);
        int dimension = vector.Length;
        int column = 0;
        for (; column <= dimension - Vector<float>.Count; column += Vector<float>.Count)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (int k = 0; k < row.Length; k++)
                sum += row[k] * Vector.LoadUnsafe(ref weights, (nuint)((k * dimension) + column));
            sum.StoreUnsafe(ref output, (nuint)column);
        }

        for (; column < dimension; column++)
        {
            float sum = 0;
            for (int k = 0; k < row.Length; k++)
                sum += row[k] * matrix[(k * dimension) + column];
            vector[column] = sum;
        }
    }

    /// <summary>
    /// Adds the gradients of the rows and of the matrix for a run of ids: row i += matrix · gradient i, matrix += Σ rowᵀ i · gradient i.
    /// </summary>
    /// <param name="rows">Distinct rows, row-major.</param>
    /// <param name="index">Row of each id.</param>
    /// <param name="matrix">[width × dimension], row-major.</param>
    /// <param name="gradients">Gradients of the vectors; gradient i is <c>gradients[i·stride … i·stride + dimension)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="dimension"/>.</param>
    /// <param name="dimension">Columns of the matrix.</param>
    /// <param name="rowGradients">Gradients of the distinct rows, added to.</param>
    /// <param name="matrixGradients">[width × dimension], added to.</param>
    public static void AddGradients(
        ReadOnlySpan<float> rows,
        ReadOnlySpan<int> index,
        ReadOnlySpan<float> matrix,
        ReadOnlySpan<float> gradients,
        int stride,
        int dimension,
        Span<float> rowGradients,
        Span<float> matrixGradients)
    {
        Debug.Assert(matrixGradients.Length == matrix.Length && rowGradients.Length == rows.Length, "Gradients have the shape of their values.");
        int width = matrix.Length / dimension;
        int size = Vector<float>.Count;
        for (int k = 0; k < width; k++)
        {
            ReadOnlySpan<float> weights = matrix.Slice(k * dimension, dimension);
            Span<float> sums = matrixGradients.Slice(k * dimension, dimension);
            var run = new Run(rows, rowGradients, index, gradients, stride, width, k);
            int column = 0;
            for (; column <= dimension - (2 * size); column += 2 * size)
                run.AddTwoRegisters(weights, sums, column);
            for (; column <= dimension - size; column += size)
                run.AddRegister(weights, sums, column);
            for (; column < dimension; column++)
                run.AddNumber(weights, sums, column);
        }
    }

    // One row k of the matrix and the ids of a run. The sums over the ids stay in registers: added to memory id by id, each sum
    // would wait for the one before.
    private readonly ref struct Run(
        ReadOnlySpan<float> rows, Span<float> rowGradients, ReadOnlySpan<int> index, ReadOnlySpan<float> gradients, int stride, int width, int k)
    {
        private readonly ReadOnlySpan<float> _rows = rows;
        private readonly Span<float> _rowGradients = rowGradients;
        private readonly ReadOnlySpan<int> _index = index;
        private readonly ReadOnlySpan<float> _gradients = gradients;

        public void AddTwoRegisters(ReadOnlySpan<float> weights, Span<float> sums, int column)
        {
            int size = Vector<float>.Count;
            var lowWeights = new Vector<float>(weights[column..]);
            var highWeights = new Vector<float>(weights[(column + size)..]);
            Vector<float> low = Vector<float>.Zero;
            Vector<float> high = Vector<float>.Zero;
            for (int i = 0; i < _index.Length; i++)
            {
                ReadOnlySpan<float> gradient = _gradients.Slice((i * stride) + column, 2 * size);
                var lowGradient = new Vector<float>(gradient);
                var highGradient = new Vector<float>(gradient[size..]);
                int place = (_index[i] * width) + k;
                low += _rows[place] * lowGradient;
                high += _rows[place] * highGradient;
                _rowGradients[place] += Vector.Sum((lowWeights * lowGradient) + (highWeights * highGradient));
            }

            (new Vector<float>(sums[column..]) + low).CopyTo(sums[column..]);
            (new Vector<float>(sums[(column + size)..]) + high).CopyTo(sums[(column + size)..]);
        }

        public void AddRegister(ReadOnlySpan<float> weights, Span<float> sums, int column)
        {
            var columnWeights = new Vector<float>(weights[column..]);
            Vector<float> sum = Vector<float>.Zero;
            for (int i = 0; i < _index.Length; i++)
            {
                var gradient = new Vector<float>(_gradients[((i * stride) + column)..]);
                int place = (_index[i] * width) + k;
                sum += _rows[place] * gradient;
                _rowGradients[place] += Vector.Sum(columnWeights * gradient);
            }

            (new Vector<float>(sums[column..]) + sum).CopyTo(sums[column..]);
        }

        public void AddNumber(ReadOnlySpan<float> weights, Span<float> sums, int column)
        {
            float sum = 0;
            for (int i = 0; i < _index.Length; i++)
            {
                float gradient = _gradients[(i * stride) + column];
                int place = (_index[i] * width) + k;
                sum += _rows[place] * gradient;
                _rowGradients[place] += weights[column] * gradient;
            }

            sums[column] += sum;
        }
    }
}
