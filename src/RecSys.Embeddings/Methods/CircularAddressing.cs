using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Where a block of Z numbers of an id starts in a circular array that is stored in rows of Z numbers. It starts at any number of the
/// array, so it is the end of one row and the start of the next one; behind the last row comes the first.
/// </summary>
internal sealed record CircularAddressing : Addressing
{
    private readonly ulong _salt;
    private readonly long _rowCount;
    private readonly int _block;
    private readonly Part _part;
    private readonly Divisor _divisor;

    /// <summary>Creates the rule for one block of the ids of a field.</summary>
    /// <param name="request">Holds the hash seed.</param>
    /// <param name="field">The field.</param>
    /// <param name="number">Number of the block in the vector.</param>
    /// <param name="rowCount">Rows of the array.</param>
    /// <param name="block">Numbers of a block, and of a row.</param>
    /// <param name="part">What is computed.</param>
    public CircularAddressing(MethodRequest request, EmbeddingField field, int number, long rowCount, int block, Part part)
        => (_salt, _rowCount, _block, _part, _divisor) = (RowHash.Salt(request.HashSeed, field.Name, number), rowCount, block, part, new Divisor(block));

    /// <summary>What a block needs to know of its start.</summary>
    public enum Part
    {
        /// <summary>The row it starts in.</summary>
        Row,

        /// <summary>The row after that.</summary>
        NextRow,

        /// <summary>Its first number within the row: 0 … Z − 1.</summary>
        Shift,
    }

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        rows = rows[..ids.Length];
        RowHash.Address(ids, _salt, _rowCount * _block, rows);
        Divisor divisor = _divisor;
        for (int i = 0; i < rows.Length; i++)
        {
            ulong start = (ulong)rows[i];
            long row = (long)divisor.Quotient(start);
            rows[i] = _part switch
            {
                Part.Row => row,
                Part.NextRow => row + 1 == _rowCount ? 0 : row + 1,
                _ => (long)divisor.Remainder(start),
            };
        }
    }
}
