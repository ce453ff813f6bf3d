using System.Collections.Concurrent;
using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>Answers embedding look-ups of one embedding set from a checkpoint, or from live rows, without libtorch.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class EmbeddingLookup : IDisposable
{
    private readonly ServableRun _run;
    private readonly Dictionary<string, (EmbeddingField Field, DirectLookup Lookup)> _fields;
    private readonly LiveRows? _live;
    private readonly Func<FetchedRows>? _newRows;

    // Their memory serves one read after the other.
    private readonly ConcurrentBag<FetchedRows> _spare = [];

    internal EmbeddingLookup(ServableRun run, EmbeddingLayout layout, EmbeddingSet set, MappedRowStore rows)
        : this(run, layout, set, field => new DirectLookup(set.Layout, field, rows))
    {
    }

    internal EmbeddingLookup(ServableRun run, EmbeddingLayout layout, EmbeddingSet set, LiveRows rows, int firstTable)
        : this(run, layout, set, field => new DirectLookup(set.Layout, field))
    {
        _live = rows;
        _newRows = () => new FetchedRows(set.Layout.Tables, firstTable);
    }

    private EmbeddingLookup(ServableRun run, EmbeddingLayout layout, EmbeddingSet set, Func<EmbeddingField, DirectLookup> lookup)
    {
        _run = run;
        SetName = set.Name;
        Groups = [.. layout.Groups.Where(g => g.Request.SetName == set.Name)];
        Dimension = set.Layout.Dimension;
        Fields = [.. set.Layout.Fields.Select(f => f.Field)];
        _fields = Fields.ToDictionary(f => f.Name, f => (f, lookup(f)));
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
        Read(field, ids, vectors);
        return [.. vectors.Chunk(Dimension)];
    }

    /// <summary>Looks ids up without allocating.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids within its vocabulary.</param>
    /// <param name="vectors">Receives [ids × dimension].</param>
    /// <param name="fetched">Live rows that <see cref="FetchAsync"/> has brought for these ids; null brings them now, where rows are live.</param>
    /// <exception cref="ArgumentException">Unknown field, an id outside the vocabulary, or <paramref name="vectors"/> is too short.</exception>
    /// <exception cref="IOException">Live rows cannot be read now; the message names the node.</exception>
    public void Read(string field, ReadOnlySpan<long> ids, Span<float> vectors, FetchedRows? fetched = null)
    {
        var lookup = Find(field).Lookup;
        if (_live is null || fetched is not null)
        {
            lookup.Read(ids, vectors, fetched);
            return;
        }

        var rows = TakeRows();
        lookup.AddRows(ids, rows);
        _live.Gather(rows.Batches);
        lookup.Read(ids, vectors, rows);
        Return(rows);
    }

    /// <summary>Looks bags of ids up and adds their vectors, or takes the mean.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="ids">Ids of all bags within its vocabulary.</param>
    /// <param name="offsets">Bag b holds ids <c>offsets[b] … offsets[b + 1])</c>; ascending.</param>
    /// <param name="isMean">Mean instead of sum; an empty bag gives zeros in both cases.</param>
    /// <param name="vectors">Receives [bags × dimension].</param>
    /// <param name="fetched">What <see cref="FetchAsync"/> has brought for these ids.</param>
    /// <exception cref="ArgumentException">Unknown field, an id outside the vocabulary, wrong offsets, or <paramref name="vectors"/> is too short.</exception>
    public void ReadPooled(string field, ReadOnlySpan<long> ids, ReadOnlySpan<int> offsets, bool isMean, Span<float> vectors, FetchedRows? fetched)
        => Find(field).Lookup.ReadPooled(ids, offsets, isMean, vectors, fetched);

    /// <summary>Brings the rows of several reads here in one call, where rows are live.</summary>
    /// <param name="reads">Fields, and ids within their vocabularies.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>What the reads take, until it is given back by <see cref="Return"/>; null where rows are the checkpoint's and are read in place.</returns>
    /// <exception cref="ArgumentException">Unknown field, or an id outside the vocabulary.</exception>
    /// <exception cref="IOException">The rows cannot be read now; the message names the node.</exception>
    public async ValueTask<FetchedRows?> FetchAsync(IEnumerable<(string Field, long[] Ids)> reads, CancellationToken cancellation)
    {
        if (_live is null)
            return null;
        var rows = TakeRows();
        foreach ((string field, long[] ids) in reads)
            Find(field).Lookup.AddRows(ids, rows);
        await _live.GatherAsync(rows.Batches, cancellation).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Gives rows back that <see cref="FetchAsync"/> has brought.</summary>
    /// <param name="rows">The rows, which nobody reads any more; null does nothing.</param>
    public void Return(FetchedRows? rows)
    {
        if (rows is not null)
            _spare.Add(rows);
    }

    /// <summary>Closes the run.</summary>
    public void Dispose() => _run.Dispose();

    private FetchedRows TakeRows()
    {
        if (!_spare.TryTake(out var rows))
            return _newRows!();
        rows.Clear();
        return rows;
    }

    private (EmbeddingField Field, DirectLookup Lookup) Find(string field)
        => _fields.TryGetValue(field, out var found)
            ? found
            : throw new ArgumentException($"Field '{field}' is unknown; {NearestName.Hint(field, _fields.Keys)}valid: {string.Join(", ", _fields.Keys)}.", nameof(field));
}
