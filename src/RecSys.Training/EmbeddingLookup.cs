using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>Answers embedding look-ups from a run's best checkpoint, without libtorch.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class EmbeddingLookup : IDisposable
{
    private readonly EmbeddingLayout _layout;
    private readonly MappedRowStore _rows;
    private readonly Dictionary<string, (EmbeddingField Field, DirectLookup Lookup)> _fields;

    private EmbeddingLookup(string directory, RunConfig config, CheckpointManifest manifest, EmbeddingLayout layout, EmbeddingSet set, SafetensorsFile file)
    {
        _layout = layout;
        Directory = directory;
        Config = config;
        Manifest = manifest;
        SetName = set.Name;
        Groups = [.. layout.Groups.Where(g => g.Request.SetName == set.Name)];
        Dimension = set.Layout.Dimension;
        Fields = [.. set.Layout.Fields.Select(f => f.Field)];
        _rows = new MappedRowStore(file, set.Layout.Tables);
        _fields = Fields.ToDictionary(f => f.Name, f => (f, new DirectLookup(set.Layout, f, _rows)));
    }

    /// <summary>The run's folder.</summary>
    public string Directory { get; }

    /// <summary>The run's configuration.</summary>
    public RunConfig Config { get; }

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>Name of the embedding set.</summary>
    public string SetName { get; }

    /// <summary>The fields of the set that share a method.</summary>
    public IReadOnlyList<EmbeddingGroup> Groups { get; }

    /// <summary>Fields that can be looked up.</summary>
    public IReadOnlyList<EmbeddingField> Fields { get; }

    /// <summary>Numbers of a vector.</summary>
    public int Dimension { get; }

    /// <summary>Opens the look-ups of one embedding set.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="setName">Name of the set.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, it is damaged, or it has no such set.</exception>
    public static EmbeddingLookup Open(string directory, string setName = "embedding")
    {
        var (folder, manifest) = TrainedRun.OpenBest(directory);
        var schema = DataSchema.Load(directory);
        var config = RunConfig.Load(Path.Combine(directory, RunDirectory.ConfigFile));
        int index = manifest.Sets.ToList().FindIndex(s => s.Name == setName);
        if (index < 0)
            throw new CheckpointException($"{folder}: the model has no embedding set '{setName}'; valid are {string.Join(", ", manifest.Sets.Select(s => s.Name))}.");

        var layout = EmbeddingLayout.Build(config.Embedding, schema, manifest.Sets, MethodStateFile.Read(folder));
        return new EmbeddingLookup(directory, config, manifest, layout, layout.Sets[index], SafetensorsFile.Open(Path.Combine(folder, CheckpointFiles.Tables)));
    }

    /// <summary>Looks ids up.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids within its vocabulary.</param>
    /// <returns>One vector per id.</returns>
    /// <exception cref="ArgumentException">Unknown field.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id lies outside the vocabulary.</exception>
    public float[][] LookUp(string field, ReadOnlySpan<long> ids)
    {
        var found = Find(field);
        foreach (long id in ids)
        {
            if ((ulong)id >= (ulong)found.Field.VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"Field '{field}' has no such id; valid: 0 … {found.Field.VocabularySize - 1}.");
        }

        float[] vectors = new float[ids.Length * Dimension];
        found.Lookup.Read(ids, vectors);
        return [.. vectors.Chunk(Dimension)];
    }

    /// <summary>Looks ids up without allocating.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids within its vocabulary.</param>
    /// <param name="vectors">Receives [ids × dimension].</param>
    /// <exception cref="ArgumentException">Unknown field, an id outside the vocabulary, or <paramref name="vectors"/> is too short.</exception>
    public void Read(string field, ReadOnlySpan<long> ids, Span<float> vectors) => Find(field).Lookup.Read(ids, vectors);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _layout.Dispose();
    }

    private (EmbeddingField Field, DirectLookup Lookup) Find(string field)
        => _fields.TryGetValue(field, out var found)
            ? found
            : throw new ArgumentException($"Field '{field}' is unknown; {NearestName.Hint(field, _fields.Keys)}valid: {string.Join(", ", _fields.Keys)}.", nameof(field));
}
