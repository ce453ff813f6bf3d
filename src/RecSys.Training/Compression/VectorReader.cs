using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;

namespace RecSys.Training.Compression;

/// <summary>Reads the vectors of a run, one per id, as tables of fp32.</summary>
internal static class VectorReader
{
    // Ids of one job.
    private const int BlockIds = 4096;

    /// <summary>Reads the vectors of fields by the look-ups that serve them.</summary>
    /// <param name="set">The tables of the fields' embedding set, as they are served.</param>
    /// <param name="fields">The fields.</param>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <returns>One table per field, which the caller disposes.</returns>
    public static IReadOnlyList<RowTable> Read(MethodLayout set, IReadOnlyList<EmbeddingField> fields, string folder)
    {
        using var rows = new MappedRowStore(SafetensorsFile.Open(Path.Combine(folder, CheckpointFiles.Tables)), set.Tables);
        return [.. fields.Select(f => Read(new DirectLookup(set, f, rows), f, set.Dimension))];
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
