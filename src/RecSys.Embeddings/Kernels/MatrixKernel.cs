using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

/// <summary>Products of small matrices, row-major and without gaps, for methods whose vectors come from tensor cores or networks.</summary>
/// <remarks>A number of a product is summed in one order, whatever the other rows are: rows computed alone or together are the same bits.</remarks>
internal static class MatrixKernel
{
    // Rows that share what is loaded of the right matrix; so many sums also hide the time of one addition.
    private const int RowBlock = 8;

    /// <summary>result = left · right.</summary>
    /// <param name="left">[rows × inner].</param>
    /// <param name="right">[inner × columns].</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="inner">Numbers per sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">Receives [rows × columns].</param>
    /// <exception cref="ArgumentException">A matrix is too short.</exception>
    public static void Multiply(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int rows, int inner, int columns, Span<float> result)
    {
        Check(left.Length, rows, inner);
        Check(right.Length, inner, columns);
        Check(result.Length, rows, columns);
        Run(new Product(left, inner, 1, right, rows, inner, columns, result, isAdded: false));
    }

    /// <summary>result += leftᵀ · right: the gradient of a matrix, from what it was multiplied with and the gradient of the product.</summary>
    /// <param name="left">[inner × rows].</param>
    /// <param name="right">[inner × columns].</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="inner">Numbers per sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows × columns], added to.</param>
    /// <exception cref="ArgumentException">A matrix is too short.</exception>
    public static void AddTransposedLeft(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int rows, int inner, int columns, Span<float> result)
    {
        Check(left.Length, inner, rows);
        Check(right.Length, inner, columns);
        Check(result.Length, rows, columns);
        Run(new Product(left, 1, rows, right, rows, inner, columns, result, isAdded: true));
    }

    /// <summary>result += left · rightᵀ: dot products of rows.</summary>
    /// <param name="left">[rows × inner].</param>
    /// <param name="right">[columns × inner].</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="inner">Numbers per sum.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="result">[rows × columns], added to.</param>
    /// <exception cref="ArgumentException">A matrix is too short.</exception>
    public static void AddTransposedRight(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int rows, int inner, int columns, Span<float> result)
    {
        Check(left.Length, rows, inner);
        Check(right.Length, columns, inner);
        Check(result.Length, rows, columns);
        for (int j = 0; j < columns; j++)
        {
            ReadOnlySpan<float> other = right.Slice(j * inner, inner);
            for (int i = 0; i < rows; i++)
                result[(i * columns) + j] += TensorPrimitives.Dot(left.Slice(i * inner, inner), other);
        }
    }

    private static void Check(int length, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || length < (long)rows * columns)
            throw new ArgumentException($"A matrix of [{rows} × {columns}] was expected, but {length} numbers were given.", nameof(length));
    }

    // The widths of EmbeddingKernels.Run.
    private static void Run(in Product product)
    {
        nuint column = 0;
        if (VectorWidth.Bits >= 512)
            column = product.AddColumns<Lanes512>(column);
        if (VectorWidth.Bits >= 256)
            column = product.AddColumns<Lanes256>(column);
        if (VectorWidth.Bits >= 128)
            column = product.AddColumns<Lanes128>(column);
        product.AddColumns<Lanes1>(column);
    }

    // Number (i, k) of the left matrix lies at i · rowStep + k · innerStep, so it can be read as its transpose.
    private readonly ref struct Product(
        ReadOnlySpan<float> left, int rowStep, int innerStep, ReadOnlySpan<float> right, int rows, int inner, int columns, Span<float> result, bool isAdded)
    {
        private readonly ref float _left = ref MemoryMarshal.GetReference(left);
        private readonly ref float _right = ref MemoryMarshal.GetReference(right);
        private readonly ref float _result = ref MemoryMarshal.GetReference(result);
        private readonly nuint _rowStep = (nuint)rowStep;
        private readonly nuint _innerStep = (nuint)innerStep;
        private readonly nuint _columns = (nuint)columns;

        public nuint AddColumns<TLanes>(nuint column)
            where TLanes : struct, ILanes<TLanes>
        {
            for (; column + (nuint)TLanes.Count <= _columns; column += (nuint)TLanes.Count)
            {
                int row = 0;
                for (; row + RowBlock <= rows; row += RowBlock)
                    AddBlock<TLanes>((nuint)row, column);
                for (; row < rows; row++)
                    AddRow<TLanes>((nuint)row, column);
            }

            return column;
        }

        private void AddBlock<TLanes>(nuint row, nuint column)
            where TLanes : struct, ILanes<TLanes>
        {
            nuint place = (row * _columns) + column;
            TLanes sum0 = Start<TLanes>(place);
            TLanes sum1 = Start<TLanes>(place + _columns);
            TLanes sum2 = Start<TLanes>(place + (2 * _columns));
            TLanes sum3 = Start<TLanes>(place + (3 * _columns));
            TLanes sum4 = Start<TLanes>(place + (4 * _columns));
            TLanes sum5 = Start<TLanes>(place + (5 * _columns));
            TLanes sum6 = Start<TLanes>(place + (6 * _columns));
            TLanes sum7 = Start<TLanes>(place + (7 * _columns));
            nuint factor = row * _rowStep;
            nuint numbers = column;
            for (int k = 0; k < inner; k++, factor += _innerStep, numbers += _columns)
            {
                var right = TLanes.Load(ref _right, numbers);
                sum0 = TLanes.MultiplyAdd(Factor<TLanes>(factor), right, sum0);
                sum1 = TLanes.MultiplyAdd(Factor<TLanes>(factor + _rowStep), right, sum1);
                sum2 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (2 * _rowStep)), right, sum2);
                sum3 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (3 * _rowStep)), right, sum3);
                sum4 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (4 * _rowStep)), right, sum4);
                sum5 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (5 * _rowStep)), right, sum5);
                sum6 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (6 * _rowStep)), right, sum6);
                sum7 = TLanes.MultiplyAdd(Factor<TLanes>(factor + (7 * _rowStep)), right, sum7);
            }

            sum0.Store(ref _result, place);
            sum1.Store(ref _result, place + _columns);
            sum2.Store(ref _result, place + (2 * _columns));
            sum3.Store(ref _result, place + (3 * _columns));
            sum4.Store(ref _result, place + (4 * _columns));
            sum5.Store(ref _result, place + (5 * _columns));
            sum6.Store(ref _result, place + (6 * _columns));
            sum7.Store(ref _result, place + (7 * _columns));
        }

        private void AddRow<TLanes>(nuint row, nuint column)
            where TLanes : struct, ILanes<TLanes>
        {
            nuint place = (row * _columns) + column;
            TLanes sum = Start<TLanes>(place);
            nuint factor = row * _rowStep;
            nuint numbers = column;
            for (int k = 0; k < inner; k++, factor += _innerStep, numbers += _columns)
                sum = TLanes.MultiplyAdd(Factor<TLanes>(factor), TLanes.Load(ref _right, numbers), sum);
            sum.Store(ref _result, place);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TLanes Start<TLanes>(nuint place)
            where TLanes : struct, ILanes<TLanes> => isAdded ? TLanes.Load(ref _result, place) : default;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TLanes Factor<TLanes>(nuint place)
            where TLanes : struct, ILanes<TLanes> => TLanes.Broadcast(Unsafe.Add(ref _left, place));
    }
}
