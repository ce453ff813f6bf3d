using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>Answers embedding look-ups of one embedding set from a checkpoint, without libtorch.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class EmbeddingLookup : IDisposable
{
    private readonly ServableRun _run;
    private readonly Dictionary<string, (EmbeddingField Field, DirectLookup Lookup)> _fields;

    internal EmbeddingLookup(ServableRun run, EmbeddingLayout layout, EmbeddingSet set, MappedRowStore rows)
    {
        _run = run;
        SetName = set.Name;
        Groups = [.. layout.Groups.Where(g => g.Request.SetName == set.Name)];
        Dimension = set.Layout.Dimension;
        Fields = [.. set.Layout.Fields.Select(f => f.Field)];
        _fields = Fields.ToDictionary(f => f.Name, f => (f, new DirectLookup(set.Layout, f, rows)));
    }

    /// <summary>The run's folder.</summary>
    public string Directory => _run.Directory;

    /// <summary>The run's configuration.</summary>
    public RunConfig Config => _run.Config;

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest => _run.Manifest;

    /// <summary>Name of the embedding set.</summary>
    public string SetName { get; }

    /// <summary>The fields of the set that share a method.</summary>
    public IReadOnlyList<EmbeddingGroup> Groups { get; }

    /// <summary>Fields that can be looked up.</summary>
    public IReadOnlyList<EmbeddingField> Fields { get; }

    /// <summary>Numbers of a vector.</summary>
    public int Dimension { get; }

    /// <summary>Opens the look-ups of one embedding set of a run's best checkpoint, which then belongs to them.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="setName">Name of the set.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, it is damaged, or it has no such set.</exception>
    public static EmbeddingLookup Open(string directory, string setName = "embedding")
    {
        var run = ServableRun.OpenVerified(directory);
        try
        {
            return run.Lookup(setName);
        }
        catch
        {
            run.Dispose();
            throw;
        }
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

    /// <summary>Looks bags of ids up and adds their vectors, or takes the mean.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids of all bags within its vocabulary.</param>
    /// <param name="offsets">Bag b holds ids <c>offsets[b] … offsets[b + 1])</c>; ascending.</param>
    /// <param name="isMean">Mean instead of sum; an empty bag gives zeros in both cases.</param>
    /// <param name="vectors">Receives [bags × dimension].</param>
    /// <exception cref="ArgumentException">Unknown field, an id outside the vocabulary, wrong offsets, or <paramref name="vectors"/> is too short.</exception>
    public void ReadPooled(string field, ReadOnlySpan<long> ids, ReadOnlySpan<int> offsets, bool isMean, Span<float> vectors)
        => Find(field).Lookup.ReadPooled(ids, offsets, isMean, vectors);

    /// <summary>Closes the run.</summary>
    public void Dispose() => _run.Dispose();

    private (EmbeddingField Field, DirectLookup Lookup) Find(string field)
        => _fields.TryGetValue(field, out var found)
            ? found
            : throw new ArgumentException($"Field '{field}' is unknown; {NearestName.Hint(field, _fields.Keys)}valid: {string.Join(", ", _fields.Keys)}.", nameof(field));
}
