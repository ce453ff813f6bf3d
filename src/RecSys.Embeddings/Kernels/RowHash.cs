using System.Runtime.CompilerServices;
using System.Text;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// The hash family of all methods: a salted 64-bit mixer, reduced by multiply-high. Its values are part of saved models, so
/// they never change.
/// </summary>
/// <remarks>Steele et al., "Fast Splittable Pseudorandom Number Generators", 2014 (SplitMix64); Lemire, "Fast Random Integer
/// Generation in an Interval", 2019. Pure functions; thread-safe.</remarks>
public static class RowHash
{
    /// <summary>Mixes 64 bits: a bijection in which every input bit changes about half of the output bits.</summary>
    /// <param name="value">Any value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>Salt of one hash function.</summary>
    /// <param name="seed">Seed of all hashes of a model.</param>
    /// <param name="name">Stable name of the field or table.</param>
    /// <param name="lookup">Number of the hash among those of the field.</param>
    public static ulong Salt(ulong seed, string name, int lookup)
    {
        // FNV-1a over UTF-8; the mixer afterwards removes its weaknesses.
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 1099511628211;
        return Mix(Mix(hash ^ Mix(seed)) + (ulong)lookup);
    }

    /// <summary>Maps ids to rows: mix(id xor salt) scaled to [0, <paramref name="rowCount"/>).</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="salt">Salt of the hash function.</param>
    /// <param name="rowCount">Number of rows, ≥ 1.</param>
    /// <param name="rows">Receives one row per id.</param>
    public static void Address(ReadOnlySpan<long> ids, ulong salt, long rowCount, Span<long> rows)
    {
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)(ulong)(Math.BigMul(Mix((ulong)ids[i] ^ salt), (ulong)rowCount) >> 64);
    }
}
