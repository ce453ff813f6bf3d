namespace RecSys.Data;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, 2014): the same numbers on every machine and version of .NET.
/// </summary>
internal struct SplitMix(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>One seed of several numbers.</summary>
    internal static ulong Combine(params ReadOnlySpan<ulong> parts)
    {
        ulong seed = 0;
        foreach (ulong part in parts)
            seed = Mix(seed + Step ^ Mix(part + Step));
        return seed;
    }

    /// <summary>64 random bits.</summary>
    internal ulong Next() => Mix(_state += Step);

    /// <summary>Uniform in [0, 1).</summary>
    internal double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … limit − 1; the bias is below limit / 2⁶⁴.</summary>
    internal long NextBelow(long limit) => (long)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>Standard normal (Box and Muller, 1958).</summary>
    internal double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>A random order of the values (Fisher and Yates).</summary>
    internal void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int other = (int)NextBelow(i + 1);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
        value = (value ^ value >> 27) * 0x94D049BB133111EB;
        return value ^ value >> 31;
    }
}
