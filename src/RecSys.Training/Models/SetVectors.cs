using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>The vectors of one embedding set.</summary>
/// <param name="Fields">Vectors of the single-id and pooled features, [batch, feature, dimension], in the order of the set.</param>
/// <param name="Sequences">Unpooled features, in the order of the set.</param>
public sealed record SetVectors(Tensor Fields, IReadOnlyList<SequenceVectors> Sequences);
