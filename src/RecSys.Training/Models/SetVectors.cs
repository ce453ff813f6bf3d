using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>The vectors of one embedding set.</summary>
/// <param name="Fields">Vectors of the single-id and pooled features, [batch, feature, dimension], in the order of the set.</param>
/// <param name="FirstSamples">
/// Per field of <paramref name="Fields"/> and sample the first sample with the same id, int32 [feature, batch] on the CPU; the row of a
/// field with many ids or with bags begins with −1.
/// </param>
/// <param name="Sequences">Unpooled features, in the order of the set.</param>
public sealed record SetVectors(Tensor Fields, Tensor FirstSamples, IReadOnlyList<SequenceVectors> Sequences)
{
    /// <summary>Vectors side by side, then other columns.</summary>
    /// <param name="vectors"><see cref="Fields"/>, or what a fused operator hands on in their place.</param>
    /// <param name="others">[batch, …] each.</param>
    public FlatVectors Flatten(Tensor vectors, params ReadOnlySpan<Tensor?> others)
    {
        List<Tensor> parts = [vectors.flatten(1)];
        foreach (var other in others)
        {
            if (other is not null)
                parts.Add(other);
        }

        return new FlatVectors(parts.Count == 1 ? parts[0] : torch.cat(parts, 1), FirstSamples, Fields.shape[2]);
    }

    /// <summary>The gradients of all vectors after a backward pass, as the embedding collection lays them out: fields, then sequences.</summary>
    /// <param name="parts">The vectors of the set for all samples of a batch, part after part.</param>
    internal static Tensor Gradient(IReadOnlyList<SetVectors> parts)
    {
        List<Tensor> gradients = [.. parts.Select(part => GradientOf(part.Fields).flatten())];
        for (int s = 0; s < parts[0].Sequences.Count; s++)
            gradients.AddRange(parts.Select(part => GradientOf(part.Sequences[s].Vectors).flatten()));
        return gradients.Count == 1 ? gradients[0] : torch.cat([.. gradients], 0);
    }

    // A model need not use all it asked for.
    private static Tensor GradientOf(Tensor vectors) => vectors.grad ?? torch.zeros_like(vectors);
}
