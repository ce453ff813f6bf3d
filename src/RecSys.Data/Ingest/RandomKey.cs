using System.Globalization;

namespace RecSys.Data.Ingest;

/// <summary>
/// A random 32-bit key of a row number in SQL: the same on every machine and version, unlike DuckDB's <c>hash</c> and <c>random</c>.
/// </summary>
internal static class RandomKey
{
    /// <summary>Defines the function in a database.</summary>
    internal const string Definition =
        """
        CREATE OR REPLACE MACRO fold_key(x) AS xor(x, x >> 16);
        CREATE OR REPLACE MACRO mix_key(x) AS fold_key((x * 73244475) & 4294967295);
        CREATE OR REPLACE MACRO random_key(x, seed) AS mix_key(mix_key(fold_key((x + seed * 2654435769 + (x >> 32)) & 4294967295)));
        """;

    /// <summary>SQL of the key; 0 … 2³² − 1.</summary>
    /// <param name="row">SQL of a row number ≥ 0.</param>
    /// <param name="seed">Any value ≥ 0.</param>
    internal static string Sql(string row, long seed)
        => string.Create(CultureInfo.InvariantCulture, $"random_key({row}, {seed & int.MaxValue})");
}
