namespace RecSys.Embeddings.Methods;

/// <summary>
/// The sizes of three cores: n ≤ n₁·n₂·n₃ ids, d = d₁·d₂·d₃ columns. Core i has one row per value of digit i of an id, a matrix of
/// d_i·rank_(i−1)·rank_i numbers.
/// </summary>
/// <param name="RowFactors">n₁, n₂, n₃; the first digit counts the largest units.</param>
/// <param name="ColumnFactors">d₁, d₂, d₃.</param>
internal sealed record TensorTrainShape(long[] RowFactors, int[] ColumnFactors)
{
    /// <summary>
    /// The shape with the most balanced factors: n₃ = ⌈n^⅓⌉ and the others as small as that allows, d₁ ≤ d₂ ≤ d₃ with the smallest sum
    /// (16 = 2·2·4, 7 = 1·1·7).
    /// </summary>
    /// <param name="vocabulary">Ids, ≥ 1.</param>
    /// <param name="dimension">Columns, ≥ 1.</param>
    public static TensorTrainShape Of(long vocabulary, int dimension)
        => new([.. Radices.Balanced(vocabulary, 3).Reverse()], Factors(dimension));

    /// <summary>Numbers per row of each core.</summary>
    /// <param name="rank">Rank between two cores.</param>
    public int[] Widths(int rank) => [ColumnFactors[0] * rank, rank * ColumnFactors[1] * rank, rank * ColumnFactors[2]];

    /// <summary>Numbers of all cores.</summary>
    /// <param name="rank">Rank between two cores.</param>
    public long NumberCount(int rank) => RowFactors.Zip(Widths(rank), (rows, width) => rows * width).Sum();

    private static int[] Factors(int dimension)
        => Enumerable.Range(1, dimension)
            .SelectMany(first => Enumerable.Range(first, dimension / first).Select(second => (First: first, Second: second, Third: dimension / (first * second))))
            .Where(f => f.Third >= f.Second && f.First * f.Second * f.Third == dimension)
            .Select(f => new[] { f.First, f.Second, f.Third })
            .MinBy(f => f.Sum())!;
}
