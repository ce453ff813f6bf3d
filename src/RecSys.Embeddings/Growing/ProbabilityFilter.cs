using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Growing;

/// <summary>Admits an id in a step when the hash of both, as a number in [0, 1), is below a probability. It remembers nothing.</summary>
/// <param name="probability">The probability; 1 admits every id.</param>
/// <param name="seed">Seed of the hash.</param>
internal sealed class ProbabilityFilter(double probability, ulong seed) : AdmissionFilter
{
    /// <inheritdoc/>
    public override bool Admits(long id, int step)
        => (RowHash.Mix(RowHash.Mix((ulong)id ^ seed) + (ulong)step) >> 11) * (1.0 / (1L << 53)) < probability;
}
