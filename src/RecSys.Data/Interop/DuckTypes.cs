namespace RecSys.Data.Interop;

/// <summary>Which .NET type a column's values have.</summary>
internal static class DuckTypes
{
    internal static bool Match<T>(DuckType type) => type switch
    {
        DuckType.Boolean => typeof(T) == typeof(bool),
        DuckType.TinyInt => typeof(T) == typeof(sbyte),
        DuckType.SmallInt => typeof(T) == typeof(short),
        DuckType.Integer or DuckType.Date => typeof(T) == typeof(int),
        DuckType.BigInt or DuckType.Timestamp => typeof(T) == typeof(long),
        DuckType.UTinyInt => typeof(T) == typeof(byte),
        DuckType.USmallInt => typeof(T) == typeof(ushort),
        DuckType.UInteger => typeof(T) == typeof(uint),
        DuckType.UBigInt => typeof(T) == typeof(ulong),
        DuckType.Float => typeof(T) == typeof(float),
        DuckType.Double => typeof(T) == typeof(double),
        DuckType.HugeInt => typeof(T) == typeof(Int128),
        _ => false,
    };
}
