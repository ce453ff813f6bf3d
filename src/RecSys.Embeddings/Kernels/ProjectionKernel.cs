using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

/// <summary>A row vector times a small matrix, and its gradients.</summary>
internal static class ProjectionKernel
{
    /// <summary>vector = row · matrix.</summary>
    /// <param name="row">[width].</param>
    /// <param name="matrix">[width × dimension], row-major.</param>
    /// <param name="vector">Receives [dimension].</param>
    /// <exception cref="ArgumentException">The matrix has another size.</exception>
    public static void Multiply(ReadOnlySpan<float> row, ReadOnlySpan<float> matrix, Span<float> vector)
    {
        CheckMatrix(matrix.Length, row.Length, vector.Length);
        EmbeddingKernels.Run(
            new MultiplyLoop(ref MemoryMarshal.GetReference(vector), ref MemoryMarshal.GetReference(matrix), row, (nuint)vector.Length), (nuint)vector.Length);
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
    /// <exception cref="ArgumentException">A block is too short, or the two matrices differ in size.</exception>
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
        EmbeddingKernels.CheckVectors(index.Length, dimension, gradients.Length, stride, nameof(gradients));
        int width = matrix.Length / dimension;
        CheckMatrix(matrix.Length, width, dimension);
        CheckMatrix(matrixGradients.Length, width, dimension);
        for (int k = 0; k < width; k++)
        {
            var run = new GradientRun(rows, rowGradients, index, gradients, stride, width, k);
            AddColumns(run, matrix.Slice(k * dimension, dimension), matrixGradients.Slice(k * dimension, dimension));
        }
    }

    // The widths of EmbeddingKernels.Run, each with two registers of columns at once as long as they fit.
    private static void AddColumns(in GradientRun run, ReadOnlySpan<float> weights, Span<float> sums)
    {
        nuint column = 0;
        if (VectorWidth.Bits >= 512)
            column = AddColumns<Lanes512>(run, weights, sums, column);
        if (VectorWidth.Bits >= 256)
            column = AddColumns<Lanes256>(run, weights, sums, column);
        if (VectorWidth.Bits >= 128)
            column = AddColumns<Lanes128>(run, weights, sums, column);
        AddColumns<Lanes1>(run, weights, sums, column);
    }

    private static nuint AddColumns<TLanes>(in GradientRun run, ReadOnlySpan<float> weights, Span<float> sums, nuint column)
        where TLanes : struct, ILanes<TLanes>
    {
        nuint size = (nuint)TLanes.Count;
        nuint dimension = (nuint)weights.Length;
        ref float weight = ref MemoryMarshal.GetReference(weights);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        for (; column + (2 * size) <= dimension; column += 2 * size)
            run.AddTwoRegisters<TLanes>(ref weight, ref sum, column);
        for (; column + size <= dimension; column += size)
            run.AddRegister<TLanes>(ref weight, ref sum, column);
        return column;
    }

    private static void CheckMatrix(int length, int width, int dimension)
    {
        if (length != (long)width * dimension)
            throw new ArgumentException($"A matrix of [{width} × {dimension}] was expected, but {length} numbers were given.", nameof(length));
    }

    // vector = Σ row[k] · row k of the matrix: one register of columns down all rows.
    private readonly ref struct MultiplyLoop(ref float vector, ref float matrix, ReadOnlySpan<float> row, nuint dimension) : IElementLoop
    {
        private readonly ref float _vector = ref vector;
        private readonly ref float _matrix = ref matrix;
        private readonly ReadOnlySpan<float> _row = row;
        private readonly nuint _dimension = dimension;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            TLanes sum = default;
            nuint place = i;
            for (int k = 0; k < _row.Length; k++, place += _dimension)
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(_row[k]), TLanes.Load(ref _matrix, place), sum);
            sum.Store(ref _vector, i);
        }
    }

    // One row k of the matrix and the ids of a run. The sums over the ids stay in registers: added to memory id by id, each sum
    // would wait for the one before.
    private readonly ref struct GradientRun(
        ReadOnlySpan<float> rows, Span<float> rowGradients, ReadOnlySpan<int> index, ReadOnlySpan<float> gradients, int stride, int width, int k)
    {
        private readonly ReadOnlySpan<float> _rows = rows;
        private readonly Span<float> _rowGradients = rowGradients;
        private readonly ReadOnlySpan<int> _index = index;
        private readonly ref float _gradients = ref MemoryMarshal.GetReference(gradients);
        private readonly nuint _stride = (nuint)stride;

        public void AddTwoRegisters<TLanes>(ref float weights, ref float sums, nuint column)
            where TLanes : struct, ILanes<TLanes>
        {
            nuint size = (nuint)TLanes.Count;
            var lowWeights = TLanes.Load(ref weights, column);
            var highWeights = TLanes.Load(ref weights, column + size);
            TLanes low = default;
            TLanes high = default;
            nuint place = column;
            for (int i = 0; i < _index.Length; i++, place += _stride)
            {
                var lowGradient = TLanes.Load(ref _gradients, place);
                var highGradient = TLanes.Load(ref _gradients, place + size);
                int number = (_index[i] * width) + k;
                var value = TLanes.Broadcast(_rows[number]);
                low = TLanes.MultiplyAdd(value, lowGradient, low);
                high = TLanes.MultiplyAdd(value, highGradient, high);
                _rowGradients[number] += TLanes.MultiplyAdd(lowWeights, lowGradient, highWeights * highGradient).Sum();
            }

            (TLanes.Load(ref sums, column) + low).Store(ref sums, column);
            (TLanes.Load(ref sums, column + size) + high).Store(ref sums, column + size);
        }

        public void AddRegister<TLanes>(ref float weights, ref float sums, nuint column)
            where TLanes : struct, ILanes<TLanes>
        {
            var columnWeights = TLanes.Load(ref weights, column);
            TLanes sum = default;
            nuint place = column;
            for (int i = 0; i < _index.Length; i++, place += _stride)
            {
                var gradient = TLanes.Load(ref _gradients, place);
                int number = (_index[i] * width) + k;
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(_rows[number]), gradient, sum);
                _rowGradients[number] += (columnWeights * gradient).Sum();
            }

            (TLanes.Load(ref sums, column) + sum).Store(ref sums, column);
        }
    }
}
