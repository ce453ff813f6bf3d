using System.Runtime.CompilerServices;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Kernels;

/// <summary>First values of rows, from a counter: the value at (seed, table, row, column) does not depend on any other.</summary>
/// <remarks>
/// <para>Number i = row · width + column of a table takes half of the 64 bits mixed from ⌊i / 2⌋: the lower for even i, the upper
/// for odd. Models are reproduced from their seeds, so this never changes. Thread-safe.</para>
/// <para>Normal numbers come from Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", 1988 (PPND7,
/// relative error 1e-7): one uniform number each, so a column needs no partner as it would with Box and Muller's method.</para>
/// </remarks>
internal static class InitialValues
{
    /// <summary>
    /// Half of the width in which a quotient of polynomials in single precision gives the quantile; the tails, 15% of all
    /// numbers, need a logarithm.
    /// </summary>
    internal const float CentralHalfWidth = 0.425f;

    // Of a standard normal variable: the probability of a number above 2, and the standard deviation of the numbers outside (−2, 2).
    private const double SampledProbability = 0.02275013194817922;
    private const double SampledDeviation = 2.397171471890503;

    private const double TailSplit = 5;
    private const int BlockSize = 512;

    /// <summary>Fills rows whose numbers have the same distance.</summary>
    /// <param name="initializer">Distribution.</param>
    /// <param name="salt">Salt of (seed, table name).</param>
    /// <param name="numbers">Number of the first row, and the distance.</param>
    /// <param name="width">Numbers per row.</param>
    /// <param name="values">The rows.</param>
    public static void Fill(Initializer initializer, ulong salt, RowNumbers numbers, int width, Span<float> values)
    {
        if (numbers.Stride == 1)
        {
            Fill(initializer, salt, numbers.First * width, values);
            return;
        }

        for (long row = numbers.First; !values.IsEmpty; row += numbers.Stride, values = values[width..])
            Fill(initializer, salt, row * width, values[..width]);
    }

    /// <summary>Fills consecutive rows.</summary>
    /// <param name="initializer">Distribution.</param>
    /// <param name="salt">Salt of (seed, table name).</param>
    /// <param name="firstRow">Number of the first row.</param>
    /// <param name="width">Numbers per row.</param>
    /// <param name="values">The rows.</param>
    public static void Fill(Initializer initializer, ulong salt, long firstRow, int width, Span<float> values)
        => Fill(initializer, salt, firstRow * width, values);

    /// <summary>Fills one row whose number may be any 64 bits, such as an id.</summary>
    /// <param name="initializer">Distribution.</param>
    /// <param name="salt">Salt of (seed, table name).</param>
    /// <param name="row">Number of the row; below 2^63 / width, the values are those of <see cref="Fill(Initializer, ulong, long, int, Span{float})"/>.</param>
    /// <param name="values">The row, [width].</param>
    public static void FillRow(Initializer initializer, ulong salt, ulong row, Span<float> values)
    {
        // The number of the first value has up to 95 bits. Those beyond 64 choose another salt: without them, rows whose numbers
        // differ in their upper bits alone would begin alike.
        ulong high = Math.BigMul(row, (ulong)values.Length, out ulong low);
        Fill(initializer, high == 0 ? salt : RowHash.Mix(salt + high), (long)low, values);
    }

    /// <summary>The number z that a standard normal variable exceeds with a probability, for the tail.</summary>
    /// <param name="probability">Above 0, at most 0.5 − <see cref="CentralHalfWidth"/>.</param>
    internal static double TailQuantile(double probability)
    {
        double r = Math.Sqrt(-Math.Log(probability));
        if (r <= TailSplit)
        {
            r -= 1.6;
            return ((((((0.17023821103 * r) + 1.3067284816) * r) + 2.7568153900) * r) + 1.4234372777)
                / ((((0.12021132975 * r) + 0.73700164250) * r) + 1);
        }

        r -= TailSplit;
        return ((((((0.017337203997 * r) + 0.42868294337) * r) + 3.0812263860) * r) + 6.6579051150)
            / ((((0.012258202635 * r) + 0.24197894225) * r) + 1);
    }

    private static void Fill(Initializer initializer, ulong salt, long first, Span<float> values)
    {
        switch (initializer.Distribution)
        {
            case InitialDistribution.Constant:
                values.Fill(initializer.Scale);
                break;
            case InitialDistribution.Uniform:
                FillUniform(initializer.Scale, salt, first, values);
                break;
            case InitialDistribution.Normal:
                FillNormal(initializer.Scale, salt, first, values);
                break;
            case InitialDistribution.SampledGaussian:
                FillSampledGaussian(initializer.Scale, salt, first, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(initializer), initializer.Distribution, "Valid are Constant, Uniform, Normal and SampledGaussian.");
        }
    }

    private static void FillUniform(float scale, ulong salt, long first, Span<float> values)
    {
        Span<uint> bits = stackalloc uint[BlockSize];
        for (int done = 0; done < values.Length; done += BlockSize)
        {
            Span<float> block = values[done..Math.Min(values.Length, done + BlockSize)];
            FillBits(salt, first + done, bits[..block.Length]);

            // 24 bits make an odd multiple of 2^-24: exact in a float, inside (−1, 1), never 0, and −x as likely as x.
            for (int i = 0; i < block.Length; i++)
                block[i] = (((int)(bits[i] >> 8) * 2) + 1 - (1 << 24)) * (scale / (1 << 24));
        }
    }

    private static void FillNormal(float scale, ulong salt, long first, Span<float> values)
    {
        Span<uint> bits = stackalloc uint[BlockSize];
        for (int done = 0; done < values.Length; done += BlockSize)
        {
            Span<float> block = values[done..Math.Min(values.Length, done + BlockSize)];
            FillBits(salt, first + done, bits[..block.Length]);
            for (int i = 0; i < block.Length; i++)
                block[i] = (float)Centred(bits[i]);
            EmbeddingKernels.CentralQuantiles(block, scale);
            for (int i = 0; i < block.Length; i++)
            {
                double q = Centred(bits[i]);
                if (Math.Abs(q) > CentralHalfWidth)
                    block[i] = (float)(Math.CopySign(TailQuantile(0.5 - Math.Abs(q)), q) * scale);
            }
        }
    }

    // All numbers lie in the tail, which takes a logarithm each; the tables of this distribution are small.
    private static void FillSampledGaussian(float scale, ulong salt, long first, Span<float> values)
    {
        Span<uint> bits = stackalloc uint[BlockSize];
        for (int done = 0; done < values.Length; done += BlockSize)
        {
            Span<float> block = values[done..Math.Min(values.Length, done + BlockSize)];
            FillBits(salt, first + done, bits[..block.Length]);
            for (int i = 0; i < block.Length; i++)
            {
                double q = Centred(bits[i]);
                double z = TailQuantile(SampledProbability * (1 - (2 * Math.Abs(q))));
                block[i] = (float)(Math.CopySign(z, q) * (scale / SampledDeviation));
            }
        }
    }

    // 32 bits make an odd multiple of 2^-33 inside (−0.5, 0.5): a uniform number less its mean.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Centred(uint bits) => (((long)bits * 2) + 1 - (1L << 32)) * (1.0 / (1L << 33));

    private static void FillBits(ulong salt, long first, Span<uint> bits)
    {
        int i = 0;
        if ((first & 1) != 0 && bits.Length > 0)
            bits[i++] = (uint)(RowHash.Mix(salt + ((ulong)first >> 1)) >> 32);
        ulong pair = salt + ((ulong)(first + i) >> 1);
        for (; i + 1 < bits.Length; i += 2)
        {
            ulong mixed = RowHash.Mix(pair++);
            bits[i] = (uint)mixed;
            bits[i + 1] = (uint)(mixed >> 32);
        }

        if (i < bits.Length)
            bits[i] = (uint)RowHash.Mix(pair);
    }
}
