using System.Numerics;

namespace RecSys.Embeddings.Kernels;

/// <summary>MurmurHash3, the variant of 128 bits for 64-bit processors, of keys of eight bytes. Its values are part of saved models, so they never change.</summary>
/// <remarks>Appleby, MurmurHash3_x64_128, 2011. spaCy hashes with the same function, which its code calls x86. Pure; thread-safe.</remarks>
internal static class MurmurHash3
{
    private const ulong Factor1 = 0x87C37B91114253D5;
    private const ulong Factor2 = 0x4CF5AD432745937F;
    private const ulong KeyLength = sizeof(ulong);

    /// <summary>Hashes a number: its eight bytes, the lowest first.</summary>
    /// <param name="key">The number.</param>
    /// <param name="seed">Seed of the hash function.</param>
    /// <returns>The first and the second 64 bits.</returns>
    public static (ulong First, ulong Second) Hash(ulong key, uint seed)
    {
        // The key is shorter than a block of 16 bytes, so the general loop over blocks is empty and this is its tail.
        ulong first = seed ^ (BitOperations.RotateLeft(key * Factor1, 31) * Factor2) ^ KeyLength;
        ulong second = seed ^ KeyLength;
        first += second;
        second += first;
        first = Finish(first);
        second = Finish(second);
        first += second;
        return (first, second + first);
    }

    private static ulong Finish(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }
}
