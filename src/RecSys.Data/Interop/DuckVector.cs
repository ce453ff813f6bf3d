using System.Runtime.CompilerServices;

namespace RecSys.Data.Interop;

/// <summary>
/// A column of a chunk, read in place. It is valid until the chunk is disposed; the next fetch disposes it.
/// </summary>
public readonly ref struct DuckVector
{
    private readonly nint _vector;
    private readonly DuckColumn _column;

    internal DuckVector(nint vector, int count, DuckColumn column)
    {
        _vector = vector;
        _column = column;
        Count = count;
        unsafe
        {
            ulong* validity = (ulong*)NativeMethods.duckdb_vector_get_validity(vector);
            Validity = validity is null ? [] : new ReadOnlySpan<ulong>(validity, (count + 63) / 64);
        }
    }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>One bit per value, set where it is not null; empty when no value is null.</summary>
    public ReadOnlySpan<ulong> Validity { get; }

    /// <summary>Whether a value is null.</summary>
    public bool IsNull(int row) => Validity.Length > 0 && (Validity[row >> 6] >> (row & 63) & 1) == 0;

    /// <summary>The values; what stands at a null is undefined.</summary>
    /// <typeparam name="T">The type that <see cref="DuckType"/> names for the column.</typeparam>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        if (!DuckTypes.Match<T>(_column.Type))
            throw new InvalidOperationException($"Column '{_column.Name}' is of type {_column.Type} and cannot be read as {typeof(T).Name}.");
        return Span<T>();
    }

    /// <summary>A text value, or null.</summary>
    /// <exception cref="InvalidOperationException">The column is not text.</exception>
    public string? Text(int row)
    {
        ThrowIfNotText();
        return IsNull(row) ? null : Span<DuckString>()[row].ToString();
    }

    /// <summary>A text value in UTF-8, where it lies; empty for a null.</summary>
    /// <exception cref="InvalidOperationException">The column is not text.</exception>
    public ReadOnlySpan<byte> Utf8(int row)
    {
        ThrowIfNotText();
        return IsNull(row) ? [] : Span<DuckString>()[row].Utf8;
    }

    /// <summary>Where each row's list lies in <see cref="Elements"/>; undefined at a null.</summary>
    /// <exception cref="InvalidOperationException">The column holds no lists.</exception>
    public ReadOnlySpan<DuckListEntry> Lists
    {
        get
        {
            ThrowIfNotList();
            return Span<DuckListEntry>();
        }
    }

    /// <summary>The elements of all lists.</summary>
    /// <exception cref="InvalidOperationException">The column holds no lists.</exception>
    public DuckVector Elements
    {
        get
        {
            ThrowIfNotList();
            int count = checked((int)NativeMethods.duckdb_list_vector_get_size(_vector));
            return new DuckVector(NativeMethods.duckdb_list_vector_get_child(_vector), count, new DuckColumn(_column.Name, _column.ElementType));
        }
    }

    private unsafe ReadOnlySpan<T> Span<T>()
        where T : unmanaged
        => new((void*)NativeMethods.duckdb_vector_get_data(_vector), Count);

    private void ThrowIfNotText()
    {
        if (_column.Type != DuckType.Varchar)
            throw new InvalidOperationException($"Column '{_column.Name}' is of type {_column.Type}, not text.");
    }

    private void ThrowIfNotList([CallerMemberName] string member = "")
    {
        if (_column.Type != DuckType.List)
            throw new InvalidOperationException($"Column '{_column.Name}' is of type {_column.Type} and has no {member}.");
    }
}
