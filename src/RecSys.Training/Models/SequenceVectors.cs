using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>The vectors of an unpooled feature: only ids that exist, no padding.</summary>
/// <param name="Feature">Index of the feature.</param>
/// <param name="Vectors">One vector per id, [ids, dimension], sample after sample.</param>
/// <param name="Offsets">Where each sample's ids start, and their number at the end; int64 [batch + 1].</param>
public sealed record SequenceVectors(int Feature, Tensor Vectors, Tensor Offsets);
