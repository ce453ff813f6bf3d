using System.Runtime.CompilerServices;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// What is added to a number before it is rounded down: a half, or at random so that the expected value is exact. The random
/// numbers depend on (table, step, row, column) alone, never on the order in which rows are written.
/// </summary>
internal readonly struct RowRounding
{
    private readonly ulong _salt;
    private readonly bool _isStochastic;

    private RowRounding(ulong salt, bool isStochastic) => (_salt, _isStochastic) = (salt, isStochastic);

    /// <summary>To the nearest number.</summary>
    public static RowRounding Nearest => default;

    /// <summary>Up or down at random.</summary>
    /// <param name="salt">Salt of the table and the step.</param>
    /// <param name="row">Row number.</param>
    public static RowRounding Stochastic(ulong salt, long row) => new(RowHash.Mix(salt + (ulong)row), isStochastic: true);

    /// <summary>A share of the distance of two numbers, [0, 1), in steps of 2^−24.</summary>
    /// <param name="column">Column of the row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Share(int column) => _isStochastic ? (Bits(column) >> 8) * (1f / (1 << 24)) : 0.5f;

    /// <summary>A share of the distance of two numbers whose <paramref name="count"/> lowest bits differ: 0 … 2^count − 1.</summary>
    /// <param name="column">Column of the row.</param>
    /// <param name="count">Bits that are cut off, 1 … 31.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ShareOfBits(int column, int count) => _isStochastic ? Bits(column) >> (32 - count) : 1u << (count - 1);

    // Two columns share the 64 bits of one mix.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Bits(int column) => (uint)(RowHash.Mix(_salt + (ulong)(column >> 1)) >> ((column & 1) * 32));
}
