using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The cores of a tensor train from a vector per id. The vectors are read in slices, those of all ids with one second digit, and read
/// three times, so that memory for no more than a slice is needed.
/// </summary>
/// <remarks>
/// Oseledets, "Tensor-Train Decomposition", SIAM Journal on Scientific Computing 33(5), 2011 (TT-SVD): exact at full rank; otherwise its
/// squared error is at most twice the smallest possible one for three cores.
/// </remarks>
internal sealed class TensorTrainDecomposition
{
    // Rows of a product that make one job.
    private const int JobRows = 8;

    private readonly RowTable _vectors;
    private readonly long _hot;
    private readonly int[] _digits;
    private readonly int[] _columns;
    private readonly float[] _slice;

    /// <summary>Prepares to read the vectors.</summary>
    /// <param name="vectors">A table of fp32 with a row per id.</param>
    /// <param name="hot">First ids that are not part of the train.</param>
    /// <param name="shape">Sizes of the cores; ids beyond the table count as zeros.</param>
    public TensorTrainDecomposition(RowTable vectors, long hot, TensorTrainShape shape)
    {
        _vectors = vectors;
        _hot = hot;
        _digits = [.. shape.RowFactors.Select(n => checked((int)n))];
        _columns = shape.ColumnFactors;
        _slice = new float[checked(_columns[1] * LastWidth * FirstWidth)];
    }

    // Numbers that the first and the third core look at.
    private int FirstWidth => _digits[0] * _columns[0];

    private int LastWidth => _digits[2] * _columns[2];

    /// <summary>Fills the first rows of the cores, one per digit; their rank follows from their width.</summary>
    /// <param name="first">Rows [d₁ × R].</param>
    /// <param name="second">Rows [R × d₂·R].</param>
    /// <param name="third">Rows [d₃ × R].</param>
    public void Write(RowTable first, RowTable second, RowTable third)
    {
        int rank = first.Spec.Width / _columns[0];
        int firstRank = Math.Min(rank, FirstWidth);
        int lastRank = Math.Min(rank, LastWidth);
        float[] firstAxes = FirstAxes(firstRank);
        float[] lastAxes = LastAxes(firstAxes, lastRank);
        WriteAxes(firstAxes, firstRank, _columns[0], _digits[0], first);
        WriteAxes(lastAxes, lastRank, _columns[2], _digits[2], third);

        // What is left of a slice between the axes; where the cores have a higher rank than the vectors, zeros fill up.
        float[] row = new float[second.Spec.Width];
        for (int digit = 0; digit < _digits[1]; digit++)
        {
            float[] inner = Products(Inner(digit, firstAxes), lastAxes, LastWidth);
            for (int i = 0; i < firstRank * _columns[1]; i++)
                inner.AsSpan(i * lastRank, lastRank).CopyTo(row.AsSpan(i * rank));
            second.WriteRow(digit, row);
        }
    }

    private float[] FirstAxes(int rank)
    {
        var axes = new PrincipalAxes(FirstWidth);
        for (int digit = 0; digit < _digits[1]; digit++)
        {
            Read(digit);
            axes.Add(_slice);
        }

        return axes.First(rank);
    }

    private float[] LastAxes(float[] firstAxes, int rank)
    {
        var axes = new PrincipalAxes(LastWidth);
        for (int digit = 0; digit < _digits[1]; digit++)
            axes.Add(Inner(digit, firstAxes));
        return axes.First(rank);
    }

    // A slice seen from the first axes: [rank · d₂ × numbers of the third core].
    private float[] Inner(int digit, float[] firstAxes)
    {
        Read(digit);
        return Products(firstAxes, _slice, FirstWidth);
    }

    // The slice as rows of the numbers of the first core: [d₂, n₃, d₃ × n₁, d₁].
    private void Read(int digit)
    {
        Array.Clear(_slice);
        for (int i = 0; i < _digits[0]; i++)
        {
            for (int k = 0; k < _digits[2]; k++)
            {
                long id = _hot + ((((long)i * _digits[1]) + digit) * _digits[2]) + k;
                if (id < _vectors.Spec.RowCount)
                    Place(_vectors.Row(id), i, k);
            }
        }
    }

    private void Place(ReadOnlySpan<float> vector, int firstDigit, int lastDigit)
    {
        for (int column = 0; column < vector.Length; column++)
        {
            var (pair, c) = Math.DivRem(column, _columns[2]);
            var (a, b) = Math.DivRem(pair, _columns[1]);
            int row = (((b * _digits[2]) + lastDigit) * _columns[2]) + c;
            _slice[(row * FirstWidth) + (firstDigit * _columns[0]) + a] = vector[column];
        }
    }

    private static void WriteAxes(float[] axes, int count, int columns, int digits, RowTable core)
    {
        int rank = core.Spec.Width / columns;
        float[] row = new float[core.Spec.Width];
        for (int digit = 0; digit < digits; digit++)
        {
            for (int axis = 0; axis < count; axis++)
            {
                for (int column = 0; column < columns; column++)
                    row[(column * rank) + axis] = axes[(axis * digits * columns) + (digit * columns) + column];
            }

            core.WriteRow(digit, row);
        }
    }

    // left · rightᵀ.
    private static float[] Products(float[] left, float[] right, int inner)
    {
        int rows = left.Length / inner;
        int columns = right.Length / inner;
        float[] result = new float[checked(rows * columns)];
        Parallel.For(0, (rows + JobRows - 1) / JobRows, job =>
        {
            int start = job * JobRows;
            int count = Math.Min(JobRows, rows - start);
            MatrixKernel.AddTransposedRight(left.AsSpan(start * inner), right, count, inner, columns, result.AsSpan(start * columns, count * columns));
        });
        return result;
    }
}
