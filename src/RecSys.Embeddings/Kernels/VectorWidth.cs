using System.Globalization;
using System.Runtime.Intrinsics;

namespace RecSys.Embeddings.Kernels;

/// <summary>The widest vector registers that the kernels use.</summary>
/// <remarks>
/// The environment variable <c>RECSYS_TEST_VECTOR_BITS</c> = 512, 256, 128 or 0 (no vectors) replaces the choice, so that tests
/// and benchmarks run every path on one machine. A width the processor lacks still computes the same numbers, slowly, from narrower registers.
/// </remarks>
public static class VectorWidth
{
    /// <summary>Name of the environment variable.</summary>
    public const string Variable = "RECSYS_TEST_VECTOR_BITS";

    /// <summary>Bits per register: 512, 256, 128, or 0 for one number at a time.</summary>
    public static int Bits { get; } = Choose(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Bits per register that the processor has.</summary>
    public static int HardwareBits
        => Vector512.IsHardwareAccelerated ? 512
            : Vector256.IsHardwareAccelerated ? 256
            : Vector128.IsHardwareAccelerated ? 128
            : 0;

    /// <summary>The width for a value of the environment variable.</summary>
    /// <param name="asked">Value, or null when it is not set.</param>
    /// <exception cref="InvalidOperationException">Not one of the valid widths.</exception>
    internal static int Choose(string? asked)
    {
        if (string.IsNullOrEmpty(asked))
            return HardwareBits;
        return int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits is 512 or 256 or 128 or 0
            ? bits
            : throw new InvalidOperationException($"{Variable} is '{asked}'; valid are 512, 256, 128 and 0.");
    }
}
