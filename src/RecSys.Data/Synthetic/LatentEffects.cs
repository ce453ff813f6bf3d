namespace RecSys.Data.Synthetic;

/// <summary>What the ids of one field do to the logit: an effect of their own and a latent vector.</summary>
internal sealed class LatentEffects
{
    internal const int Rank = 4;

    private readonly float[] _effects;
    private readonly float[] _vectors;

    /// <param name="field">The field.</param>
    /// <param name="hasVectors">Whether a rule uses the vectors.</param>
    /// <param name="random">The field's generator.</param>
    internal LatentEffects(SyntheticField field, bool hasVectors, SplitMix random)
    {
        _effects = new float[field.TotalCardinality];
        for (int id = 0; id < _effects.Length; id++)
            _effects[id] = (float)(field.Deviation * random.NextNormal());
        _vectors = new float[hasVectors ? Rank * field.TotalCardinality : 0];
        for (int i = 0; i < _vectors.Length; i++)
            _vectors[i] = (float)(field.LatentDeviation * random.NextNormal());
    }

    internal float Effect(int id) => _effects[id];

    internal ReadOnlySpan<float> Vector(int id) => _vectors.AsSpan(Rank * id, Rank);
}
