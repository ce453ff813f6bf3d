using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;

namespace RecSys.Training.Compression;

/// <summary>Reads the vectors of a run, one per id, as tables of fp32.</summary>
internal static class VectorReader
{
    // Ids of one job.
    private const int BlockIds = 4096;

    /// <summary>Reads the vectors of all fields of a group by the look-ups that serve them.</summary>
    /// <param name="group">A group of the run, in its last phase.</param>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <returns>One table per field, which the caller disposes.</returns>
    public static IReadOnlyList<RowTable> Read(EmbeddingGroup group, string folder)
    {
        using var rows = new MappedRowStore(SafetensorsFile.Open(Path.Combine(folder, CheckpointFiles.Tables)), group.Layout.Tables);
        return [.. group.Request.Fields.Select(f => Read(new DirectLookup(group.Layout, f, rows), f, group.Layout.Dimension))];
    }

    private static RowTable Read(DirectLookup lookup, EmbeddingField field, int dimension)
    {
        var vectors = new RowTable(new TableSpec(field.Name, field.VocabularySize, dimension, Initializer.Zero), new Sgd(new SparseOptimizerOptions()), seed: 0);
        Parallel.For(0, (field.VocabularySize + BlockIds - 1) / BlockIds, block =>
        {
            long first = block * BlockIds;
            long[] ids = new long[Math.Min(BlockIds, field.VocabularySize - first)];
            for (int i = 0; i < ids.Length; i++)
                ids[i] = first + i;
            lookup.Read(ids, vectors.Floats(first, ids.Length));
        });
        return vectors;
    }
}
