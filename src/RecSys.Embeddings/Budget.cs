using System.Globalization;

namespace RecSys.Embeddings;

/// <summary>Serving bytes that a method may use: a fraction of the full fp32 table, or a number of bytes.</summary>
public readonly record struct Budget
{
    private Budget(double fraction, long byteCount)
    {
        Fraction = fraction;
        ByteCount = byteCount;
    }

    /// <summary>Fraction of the full table, or NaN when the budget is given in bytes.</summary>
    public double Fraction { get; }

    /// <summary>Bytes, or −1 when the budget is given as a fraction.</summary>
    public long ByteCount { get; }

    /// <summary>The size of the full fp32 table.</summary>
    public static Budget Full => OfFraction(1);

    /// <summary>A fraction of the full fp32 table.</summary>
    /// <param name="fraction">0 &lt; fraction ≤ 1.</param>
    public static Budget OfFraction(double fraction)
    {
        if (!(fraction > 0 && fraction <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A budget fraction must be above 0 and at most 1.");
        return new Budget(fraction, -1);
    }

    /// <summary>A number of bytes.</summary>
    /// <param name="byteCount">≥ 1.</param>
    public static Budget OfBytes(long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(byteCount);
        return new Budget(double.NaN, byteCount);
    }

    /// <summary>Reads <c>0.1</c> (a fraction) or <c>1.6MB</c>, <c>158kB</c>, <c>25MiB</c>, <c>4096B</c> (bytes).</summary>
    /// <exception cref="FormatException">Neither form, or out of range.</exception>
    public static Budget Parse(string text)
    {
        (string Suffix, double Factor)[] units =
            [("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KiB", 1024), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
        string trimmed = text.Trim();
        foreach ((string suffix, double factor) in units)
        {
            if (trimmed.EndsWith(suffix, StringComparison.Ordinal) && TryNumber(trimmed[..^suffix.Length], out double amount) && amount * factor >= 1)
                return OfBytes((long)(amount * factor));
        }

        if (TryNumber(trimmed, out double fraction) && fraction is > 0 and <= 1)
            return OfFraction(fraction);
        throw new FormatException($"Budget '{text}' is neither a fraction (above 0, at most 1) nor bytes such as 1.6MB, 158kB or 25MiB.");

        static bool TryNumber(string s, out double value) => double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The budget in bytes.</summary>
    /// <param name="fullByteCount">Bytes of the full fp32 table.</param>
    public long Resolve(long fullByteCount) => ByteCount >= 0 ? ByteCount : (long)Math.Round(Fraction * fullByteCount);

    /// <inheritdoc/>
    public override string ToString()
        => ByteCount >= 0 ? string.Create(CultureInfo.InvariantCulture, $"{ByteCount}B") : Fraction.ToString(CultureInfo.InvariantCulture);
}
