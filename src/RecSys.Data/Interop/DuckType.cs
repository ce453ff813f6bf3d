namespace RecSys.Data.Interop;

/// <summary>DuckDB's column types that this project reads or writes; the numbers are those of <c>duckdb_type</c>.</summary>
public enum DuckType
{
    /// <summary>Not a type.</summary>
    Invalid = 0,

    /// <summary><see cref="bool"/>.</summary>
    Boolean = 1,

    /// <summary><see cref="sbyte"/>.</summary>
    TinyInt = 2,

    /// <summary><see cref="short"/>.</summary>
    SmallInt = 3,

    /// <summary><see cref="int"/>.</summary>
    Integer = 4,

    /// <summary><see cref="long"/>.</summary>
    BigInt = 5,

    /// <summary><see cref="byte"/>.</summary>
    UTinyInt = 6,

    /// <summary><see cref="ushort"/>.</summary>
    USmallInt = 7,

    /// <summary><see cref="uint"/>.</summary>
    UInteger = 8,

    /// <summary><see cref="ulong"/>.</summary>
    UBigInt = 9,

    /// <summary><see cref="float"/>.</summary>
    Float = 10,

    /// <summary><see cref="double"/>.</summary>
    Double = 11,

    /// <summary>Microseconds since 1970, in a <see cref="long"/>.</summary>
    Timestamp = 12,

    /// <summary>Days since 1970, in an <see cref="int"/>.</summary>
    Date = 13,

    /// <summary><see cref="Int128"/>.</summary>
    HugeInt = 16,

    /// <summary>Text in UTF-8.</summary>
    Varchar = 17,

    /// <summary>A list of values of one type.</summary>
    List = 24,
}
