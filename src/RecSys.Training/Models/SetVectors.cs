using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>The vectors of one embedding set.</summary>
/// <param name="Fields">Vectors of the single-id and pooled features, [batch, feature, dimension], in the order of the set.</param>
/// <param name="Sequences">Unpooled features, in the order of the set.</param>
public sealed record SetVectors(Tensor Fields, IReadOnlyList<SequenceVectors> Sequences)
{
    /// <summary>The gradients of all vectors after a backward pass, as the embedding collection lays them out: fields, then sequences.</summary>
    internal Tensor Gradient()
        => Sequences.Count == 0
            ? GradientOf(Fields)
            : torch.cat([GradientOf(Fields).flatten(), .. Sequences.Select(s => GradientOf(s.Vectors).flatten())], 0);

    // A model need not use all it asked for.
    private static Tensor GradientOf(Tensor vectors) => vectors.grad ?? torch.zeros_like(vectors);
}
