using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>Answers embedding look-ups from a run's best checkpoint, without libtorch.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class EmbeddingLookup : IDisposable
{
    private readonly MappedRowStore _rows;
    private readonly EmbeddingCollection _collection;
    private readonly LookupPlan _plan;
    private readonly int _dimension;
    private readonly List<JaggedIds> _ids;

    private EmbeddingLookup(IReadOnlyList<EmbeddingFeature> fields, EmbeddingSet set, SafetensorsFile file)
    {
        Fields = [.. fields.Select(f => f.Field)];
        _dimension = set.Layout.Dimension;
        _collection = new EmbeddingCollection(fields, [set]);
        _rows = new MappedRowStore(file, _collection.Tables);
        _plan = _collection.CreatePlan();
        _ids = [.. fields.Select(_ => new JaggedIds(isSingle: false))];
    }

    /// <summary>Fields that can be looked up.</summary>
    public IReadOnlyList<EmbeddingField> Fields { get; }

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

        var set = EmbeddingLayout.Build(config.Embedding, schema, manifest.Sets)[index];
        List<EmbeddingFeature> fields = [.. set.Layout.Fields.Select(f => new EmbeddingFeature(f.Field.Name, f.Field, IsSingle: false))];
        var sequences = set with { Features = [.. fields.Select((_, i) => new PooledFeature(i, Pooling.None))] };
        return new EmbeddingLookup(fields, sequences, SafetensorsFile.Open(Path.Combine(folder, CheckpointFiles.Tables)));
    }

    /// <summary>Looks ids up.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids within its vocabulary.</param>
    /// <returns>One vector per id.</returns>
    /// <exception cref="ArgumentException">Unknown field.</exception>
    public float[][] LookUp(string field, ReadOnlySpan<long> ids)
    {
        int place = Fields.ToList().FindIndex(f => f.Name == field);
        if (place < 0)
            throw new ArgumentException($"Field '{field}' is unknown; valid are {string.Join(", ", Fields.Select(f => f.Name))}.", nameof(field));

        foreach (var list in _ids)
            list.Clear();
        for (int f = 0; f < _ids.Count; f++)
            _ids[f].Add(f == place ? ids : []);
        _collection.Plan(_ids, _plan);
        _collection.Gather(_plan, _rows);
        float[] output = new float[_collection.OutputLength(_plan, 0)];
        _collection.Forward(_plan, 0, output);
        return [.. output.Chunk(_dimension)];
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();
}
