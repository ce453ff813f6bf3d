using System.Runtime.InteropServices;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;

namespace RecSys.Training;

/// <summary>How many ids a run cannot tell apart, because their vectors are the same bit by bit: what sharing rows costs, for any method.</summary>
/// <param name="Ids">Ids that were compared.</param>
/// <param name="Shared">Those of them whose vector is that of another id of the same field too.</param>
public sealed record SharedVectors(long Ids, long Shared)
{
    // The most frequent ids of a field have the smallest numbers; a method that computes its vectors would need hours for all of a large one.
    private const int MaxIdsPerField = 50_000;
    private const int BlockIds = 1024;

    /// <summary>Compares the vectors of the widest embedding set, within each field; of a field with more ids than 50 000 the first ones.</summary>
    /// <param name="run">The run.</param>
    public static SharedVectors Count(TrainedRun run)
    {
        using var lookup = EmbeddingLookup.Open(run.Directory, run.Network.Model.Sets.MaxBy(s => s.Dimension)!.Name);
        return lookup.Fields.Select(field => Count(lookup, field)).Aggregate((a, b) => new SharedVectors(a.Ids + b.Ids, a.Shared + b.Shared));
    }

    // Id 0 is no id: it stands for every value that training has not seen.
    private static SharedVectors Count(EmbeddingLookup lookup, EmbeddingField field)
    {
        int count = (int)Math.Min(field.VocabularySize - 1, MaxIdsPerField);
        float[][] blocks = new float[(count + BlockIds - 1) / BlockIds][];
        Parallel.For(0, blocks.Length, block =>
        {
            long[] ids = [.. Enumerable.Range(1 + (block * BlockIds), Math.Min(BlockIds, count - (block * BlockIds))).Select(id => (long)id)];
            blocks[block] = new float[ids.Length * lookup.Dimension];
            lookup.Read(field.Name, ids, blocks[block]);
        });
        return Count([.. blocks.SelectMany(b => b)], lookup.Dimension);
    }

    /// <summary>Compares vectors.</summary>
    /// <param name="vectors">One after the other.</param>
    /// <param name="dimension">Numbers of each.</param>
    internal static SharedVectors Count(float[] vectors, int dimension)
    {
        // By their hashes: of a million vectors, two that differ have the same one with a probability of 3e-8.
        Dictionary<ulong, long> seen = [];
        for (int at = 0; at < vectors.Length; at += dimension)
            CollectionsMarshal.GetValueRefOrAddDefault(seen, XxHash64.Compute(MemoryMarshal.AsBytes(vectors.AsSpan(at, dimension))), out _)++;
        return new SharedVectors(vectors.Length / dimension, seen.Values.Where(n => n > 1).Sum());
    }
}
