namespace RecSys.Embeddings.Kernels;

/// <summary>
/// A few floats that are computed on together: one vector register, or a single float. A loop written against this interface is
/// compiled once for each width. Every lane gets the operations of the scalar form in the same order, so element-wise loops give
/// the same numbers at all widths; only <see cref="Sum"/> adds in an order that depends on the width.
/// </summary>
/// <typeparam name="TSelf">The width.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Number of floats.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> floats from a place of any alignment.</summary>
    static abstract TSelf Load(ref float source, nuint offset);

    /// <summary>Reads <see cref="Count"/> bytes, of each the bits from <paramref name="shift"/> on that <paramref name="mask"/> has, as a whole number.</summary>
    static abstract TSelf LoadCodes(ref byte source, nuint offset, int shift, int mask);

    /// <summary>Reads <see cref="Count"/> finite numbers of 16 bits, IEEE.</summary>
    static abstract TSelf LoadHalves(ref ushort source, nuint offset);

    /// <summary>Reads <see cref="Count"/> numbers that are the upper 16 bits of a float.</summary>
    static abstract TSelf LoadUpperHalves(ref ushort source, nuint offset);

    /// <summary>The same number in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>a·b + c, rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Square roots.</summary>
    static abstract TSelf Sqrt(TSelf value);

    /// <summary>The smaller of two numbers in each lane; NaN where either is.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>The larger of two numbers in each lane; NaN where either is.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>Sums.</summary>
    static abstract TSelf operator +(TSelf left, TSelf right);

    /// <summary>Differences.</summary>
    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>Products.</summary>
    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>Quotients.</summary>
    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>Writes the floats to a place of any alignment.</summary>
    void Store(ref float destination, nuint offset);

    /// <summary>Sum over the lanes.</summary>
    float Sum();
}
