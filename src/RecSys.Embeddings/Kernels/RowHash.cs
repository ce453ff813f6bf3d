using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
        int i = VectorWidth.Bits >= 256 && Avx2.IsSupported && rowCount <= uint.MaxValue ? AddressVectors(ids, salt, (uint)rowCount, rows) : 0;
        for (; i < ids.Length; i++)
            rows[i] = (long)(ulong)(Math.BigMul(Mix((ulong)ids[i] ^ salt), (ulong)rowCount) >> 64);
    }

    // Four ids at a time: the same integers. AVX2 multiplies 32 by 32 bits to 64, so a product of 64 bits is put together from
    // three; raw intrinsics, because the portable product of 64 bits would compute parts that are known to be zero.
    private static int AddressVectors(ReadOnlySpan<long> ids, ulong salt, uint rowCount, Span<long> rows)
    {
        ref long source = ref MemoryMarshal.GetReference(ids);
        ref long target = ref MemoryMarshal.GetReference(rows);
        int i = 0;
        for (; i + Vector256<long>.Count <= ids.Length; i += Vector256<long>.Count)
        {
            Vector256<ulong> value = Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt64() ^ Vector256.Create(salt);
            value += Vector256.Create(0x9E3779B97F4A7C15);
            value = Multiply(value ^ (value >> 30), 0xBF58476D1CE4E5B9);
            value = Multiply(value ^ (value >> 27), 0x94D049BB133111EB);
            value ^= value >> 31;

            // The upper 64 of 96 bits: (high · n + carry of low · n) / 2^32.
            Vector256<uint> count = Vector256.Create((ulong)rowCount).AsUInt32();
            Vector256<ulong> low = Avx2.Multiply(value.AsUInt32(), count);
            Vector256<ulong> high = Avx2.Multiply((value >> 32).AsUInt32(), count);
            ((high + (low >> 32)) >> 32).AsInt64().StoreUnsafe(ref target, (nuint)i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Multiply(Vector256<ulong> value, ulong factor)
    {
        Vector256<uint> factorLow = Vector256.Create(factor).AsUInt32();
        Vector256<uint> factorHigh = Vector256.Create(factor >> 32).AsUInt32();
        Vector256<ulong> cross = Avx2.Multiply((value >> 32).AsUInt32(), factorLow) + Avx2.Multiply(value.AsUInt32(), factorHigh);
        return Avx2.Multiply(value.AsUInt32(), factorLow) + (cross << 32);
    }
}
