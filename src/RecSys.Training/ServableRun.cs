using RecSys.Cluster.Snapshots;
using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>
/// A checkpoint of a run, opened from its folder alone: rows and vocabularies are mapped from their files, so that nothing is copied. Look-ups
/// need no libtorch; the network does. Rows may also be read live from the nodes of the run's cluster, or those of
/// snapshots be put over the mapped ones, in memory; then the rest is the checkpoint's.
/// </summary>
/// <remarks>Thread-safe but for <see cref="Network"/>.</remarks>
public sealed class ServableRun : IDisposable
{
    private readonly EmbeddingLayout _layout;
    private readonly Lazy<(VocabularyIndex Index, FeatureEncoder Encoder)> _encoder;

    private ServableRun(
        string directory, (string Folder, CheckpointManifest Manifest) checkpoint, RunConfig config, DataSchema schema, CtrNetwork? network, EmbeddingLayout layout,
        LiveRowsOptions? live, ServableRun? former, IReadOnlyList<SnapshotFolder> snapshots)
    {
        Directory = directory;
        (Folder, Manifest) = checkpoint;
        Config = config;
        Schema = schema;
        Network = network;
        _layout = layout;
        IReadOnlyList<TableSpec> tables = [.. layout.Sets.SelectMany(s => s.Layout.Tables)];
        if (live is null)
        {
            (Rows, Lookups) = Map(tables, former, snapshots);
        }
        else
        {
            Rows = LiveRows = LiveRows.Open(directory, config, tables, live, former?.LiveRows);
            Lookups = [.. layout.Sets.Select((s, i) => new EmbeddingLookup(this, layout, s, LiveRows, layout.Sets.Take(i).Sum(before => before.Layout.Tables.Count)))];
        }

        _encoder = new(() =>
        {
            var index = VocabularyIndex.Open(Path.Combine(directory, VocabularyIndex.FileName), schema);
            return (index, new FeatureEncoder(schema, index));
        });
    }

    /// <summary>The run's folder.</summary>
    public string Directory { get; }

    /// <summary>The checkpoint's folder.</summary>
    public string Folder { get; }

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>The run's configuration.</summary>
    public RunConfig Config { get; }

    /// <summary>Features of the data set that it was trained on.</summary>
    public DataSchema Schema { get; }

    /// <summary>Look-ups of each embedding set of the model.</summary>
    public IReadOnlyList<EmbeddingLookup> Lookups { get; }

    /// <summary>The embedding rows of all sets.</summary>
    public IRowReader Rows { get; }

    /// <summary>The embedding rows where they are read live; null where they are the checkpoint's.</summary>
    public LiveRows? LiveRows { get; }

    /// <summary>The last snapshot whose rows lie over those of the checkpoint; null for none.</summary>
    public SnapshotRows? Snapshot { get; private set; }

    /// <summary>The network with the checkpoint's dense parameters; null when it was opened for look-ups alone.</summary>
    public CtrNetwork? Network { get; }

    /// <summary>The vocabularies.</summary>
    /// <exception cref="DataException">The run's folder has none, or those of another data set.</exception>
    public VocabularyIndex Vocabularies => _encoder.Value.Index;

    /// <summary>Turns raw values into the ids and numbers of the run.</summary>
    /// <exception cref="DataException">The run's folder has no vocabularies, or those of another data set.</exception>
    public FeatureEncoder Encoder => _encoder.Value.Encoder;

    /// <summary>Opens a run.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="step">Step of the checkpoint; null takes the best.</param>
    /// <param name="withNetwork">Whether the dense part is wanted.</param>
    /// <param name="live">Reads the rows live from the nodes of the run's cluster; null takes those of the checkpoint.</param>
    /// <param name="former">Another version of the run, open: its live rows are shared where they are the same, and what it has of the snapshots is not read again.</param>
    /// <param name="snapshots">A base and its deltas, in order, whose rows are put over those of the checkpoint; null for none.</param>
    /// <exception cref="CheckpointException">There is no such checkpoint, or a file of it is missing or cut off. <see cref="Verify"/> reads what is in them.
    /// Or no nodes have rows of the run, where they are wanted.</exception>
    /// <exception cref="SnapshotRefusedException">A snapshot is damaged, does not follow the one before, or is of other tables.</exception>
    public static ServableRun Open(
        string directory, long? step = null, bool withNetwork = false, LiveRowsOptions? live = null, ServableRun? former = null, IReadOnlyList<SnapshotFolder>? snapshots = null)
    {
        var store = new CheckpointStore(directory);
        var current = store.ReadCurrent()
            ?? throw new CheckpointException($"{Path.Combine(directory, "current.json")}: the run has no checkpoint; train it with 'recsys train CONFIG --out {directory}'.");
        var checkpoint = store.Find(step ?? current.ToServe);
        var config = RunConfig.Load(Path.Combine(directory, RunDirectory.ConfigFile));
        var schema = DataSchema.Load(directory);
        var states = MethodStateFile.Read(checkpoint.Folder);
        var network = withNetwork ? CtrNetwork.Create(config, schema, states, config.Train.FindDeviceOrCpu()) : null;
        var layout = network?.Layout ?? EmbeddingLayout.Build(config.Embedding, schema, checkpoint.Manifest.Sets, states);
        try
        {
            if (network is not null)
                CheckpointFiles.ReadModel(checkpoint.Folder, network.Model);
            return new ServableRun(directory, checkpoint, config, schema, network, layout, live, former, snapshots ?? []);
        }
        catch
        {
            Close(network, layout);
            throw;
        }
    }

    /// <summary>Opens the best checkpoint of a run, all of it checked.</summary>
    /// <inheritdoc cref="Open"/>
    public static ServableRun OpenVerified(string directory, bool withNetwork = false)
    {
        var run = Open(directory, withNetwork: withNetwork);
        try
        {
            CheckpointStore.Verify(run.Folder, run.Manifest);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Reads all files of the checkpoint, and the vocabularies, and compares their checksums.</summary>
    /// <exception cref="CheckpointException">A file of the checkpoint is damaged.</exception>
    /// <exception cref="DataException">The vocabularies are missing or damaged.</exception>
    public void Verify()
    {
        CheckpointStore.Verify(Folder, Manifest);
        Vocabularies.Verify();
    }

    /// <summary>Look-ups of one embedding set.</summary>
    /// <param name="setName">Name of the set.</param>
    /// <exception cref="CheckpointException">The model has no such set; the message lists those it has.</exception>
    public EmbeddingLookup Lookup(string setName)
        => Lookups.FirstOrDefault(l => l.SetName == setName)
            ?? throw new CheckpointException($"{Folder}: the model has no embedding set '{setName}'; valid are {string.Join(", ", Lookups.Select(l => l.SetName))}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_encoder.IsValueCreated)
            _encoder.Value.Index.Dispose();
        Rows.Dispose();
        Close(Network, _layout);
    }

    private (MappedRowStore Rows, IReadOnlyList<EmbeddingLookup> Lookups) Map(IReadOnlyList<TableSpec> tables, ServableRun? former, IReadOnlyList<SnapshotFolder> snapshots)
    {
        var file = SafetensorsFile.Open(Path.Combine(Folder, CheckpointFiles.Tables), isPrivate: snapshots.Count > 0);
        try
        {
            var rows = new MappedRowStore(file, tables);
            PutOver(rows, former, snapshots);
            return (rows, [.. _layout.Sets.Select(s => new EmbeddingLookup(this, _layout, s, new MappedRowStore(file, s.Layout.Tables)))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Another version of the same checkpoint may have the rows of the first snapshots already.
    private void PutOver(MappedRowStore rows, ServableRun? former, IReadOnlyList<SnapshotFolder> snapshots)
    {
        int done = 0;
        if (former?.Snapshot is { } known && former.Folder == Folder && snapshots.Index().FirstOrDefault(s => s.Item.Link == known.Link) is { Item: not null } last)
        {
            rows.WriteChangesOf((MappedRowStore)former.Rows);
            Snapshot = known;
            done = last.Index + 1;
        }

        for (; done < snapshots.Count; done++)
        {
            try
            {
                if (snapshots[done].Model.NamelessId != LiveRows.ModelOf(Config, rows.Tables).Id)
                    throw new InvalidDataException($"{snapshots[done].Path}: its tables are not those of {Folder}.");
                Snapshot = SnapshotRows.Read(snapshots[done], Snapshot, rows.Write);
            }
            catch (InvalidDataException e)
            {
                throw new SnapshotRefusedException(done, e);
            }
        }
    }

    private static void Close(CtrNetwork? network, EmbeddingLayout layout)
    {
        // A network owns its layout.
        if (network is null)
            layout.Dispose();
        else
            network.Dispose();
    }
}
