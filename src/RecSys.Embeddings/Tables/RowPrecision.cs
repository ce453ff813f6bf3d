namespace RecSys.Embeddings.Tables;

/// <summary>How the rows of a table are kept: the format of a number, where codes get their scale from, and how numbers are rounded. Immutable.</summary>
/// <remarks>
/// A row is one stretch of memory. Of <see cref="RowFormat.Int8"/>, <see cref="RowFormat.Int4"/> and <see cref="RowFormat.Int2"/> it is
/// its scale (4 bytes, none with <see cref="RowScale.Fixed"/>) and then the codes: number = offset + scale · code. With fixed and learned
/// steps the offset is −2^(bits − 1) · step, so the codes stand for −2^(bits − 1) … 2^(bits − 1) − 1 steps.
/// </remarks>
public sealed record RowPrecision
{
    private const int ScaleByteCount = 4;

    /// <summary>fp32: nothing is lost.</summary>
    public static RowPrecision Fp32 { get; } = new();

    /// <summary>Names of the formats in configuration files.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetNames<RowFormat>().Select(n => n.ToLowerInvariant())];

    /// <summary>Names of the scales in configuration files.</summary>
    public static IReadOnlyList<string> ScaleNames { get; } = [.. Enum.GetNames<RowScale>().Select(n => n.ToLowerInvariant())];

    /// <summary>Format of a number.</summary>
    public RowFormat Format { get; init; }

    /// <summary>Where codes get their scale from; of no meaning for floating-point formats.</summary>
    public RowScale Scale { get; init; }

    /// <summary>Distance of two codes with <see cref="RowScale.Fixed"/>, and the first one with <see cref="RowScale.Learned"/>.</summary>
    /// <value>0.01 by default.</value>
    public float Step { get; init; } = 0.01f;

    /// <summary>
    /// Rounds an updated number up or down at random, so that its expected value is exact (Gupta et al., "Deep Learning with Limited
    /// Numerical Precision", ICML 2015). To the nearest, all updates below half a step are lost. First values and rows that are
    /// stored after training are rounded to the nearest in any case.
    /// </summary>
    /// <value>true by default.</value>
    public bool IsStochastic { get; init; } = true;

    /// <summary>Learning rate of the steps with <see cref="RowScale.Learned"/>.</summary>
    /// <value>2e-5 by default.</value>
    public float StepLearningRate { get; init; } = 2e-5f;

    /// <summary>Bits of a number.</summary>
    public int Bits => Format switch
    {
        RowFormat.Fp32 => 32,
        RowFormat.Fp16 or RowFormat.Bf16 => 16,
        RowFormat.Int8 => 8,
        RowFormat.Int4 => 4,
        _ => 2,
    };

    /// <summary>True when numbers are codes with a scale.</summary>
    public bool IsInteger => Format >= RowFormat.Int8;

    /// <summary>True when updated rows are rounded by random numbers.</summary>
    internal bool RoundsAtRandom => Format != RowFormat.Fp32 && IsStochastic;

    /// <summary>Bytes before the numbers of a row.</summary>
    internal int HeaderByteCount => IsInteger && Scale != RowScale.Fixed ? ScaleByteCount : 0;

    /// <summary>The format of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is no such format; the message lists the valid ones.</exception>
    public static RowPrecision Parse(string name)
    {
        for (int i = 0; i < Names.Count; i++)
        {
            if (string.Equals(Names[i], name, StringComparison.Ordinal))
                return Fp32 with { Format = (RowFormat)i };
        }

        throw new ArgumentException($"There is no row precision '{name}'; {NearestName.Hint(name, Names)}valid: {string.Join(", ", Names)}.", nameof(name));
    }

    /// <summary>The precision of rows of a width: fp32 where codes with their scale would take no less, as in rows of a single number.</summary>
    /// <param name="width">Numbers per row.</param>
    public RowPrecision For(int width) => RowByteCount(width) < width * sizeof(float) ? this : Fp32;

    /// <summary>True when rows of another precision have the same bytes for the same numbers; how they are rounded and trained does not count.</summary>
    /// <param name="other">The other precision.</param>
    internal bool KeepsAs(RowPrecision other)
        => Format == other.Format && (!IsInteger || (Scale == other.Scale && (Scale != RowScale.Fixed || Step == other.Step)));

    /// <summary>Bytes of a row.</summary>
    /// <param name="width">Numbers per row.</param>
    public int RowByteCount(int width) => HeaderByteCount + (((width * Bits) + 7) / 8);

    /// <summary>As written in tables: <c>int8</c>, <c>int4 (scale: learned)</c>.</summary>
    public override string ToString()
    {
        string name = Names[(int)Format];
        return IsInteger && Scale != RowScale.Row ? $"{name} (scale: {ScaleNames[(int)Scale]})" : name;
    }
}
