namespace RecSys.Data.Interop;

/// <summary>Quoting of names and texts in SQL.</summary>
internal static class SqlText
{
    internal static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
