namespace RecSys.Data;

/// <summary>An interaction of two fields planted in a synthetic data set.</summary>
/// <param name="First">Index of a field.</param>
/// <param name="Second">Index of another field.</param>
/// <param name="FullRankDeviation">
/// 0: the product of the ids' latent vectors (4 numbers an id), which a factorisation finds; above 0: an independent normal effect of
/// that deviation for every pair of ids, which only a memory of pairs finds.
/// </param>
public sealed record SyntheticPair(int First, int Second, double FullRankDeviation = 0);
