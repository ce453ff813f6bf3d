using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training.Rows;

/// <summary>The rows of a run as they are now on the nodes of its cluster, which need not be reached when it is opened.</summary>
/// <remarks>
/// Thread-safe. Versions of a run whose tables are the same share it, with its cache; the last one closes it. Whatever keeps rows from being
/// read is an <see cref="IOException"/>, and may have passed when they are read again.
/// </remarks>
public sealed class LiveRows : IRowReader
{
    private readonly string _directory;
    private readonly LiveRowsOptions _options;
    private readonly ulong _tables;
    private readonly IReadOnlyList<IShardNode> _nodes;
    private readonly Lock _lock = new();
    private Task<ShardedRowReader>? _reader;
    private string? _model;
    private int _holds = 1;

    private LiveRows(string directory, RunConfig config, IReadOnlyList<TableSpec> tables, LiveRowsOptions options)
    {
        _directory = directory;
        _options = options;
        _tables = ModelOf(config, tables).NamelessId;
        // Masks are the version's that opens this, which another may outlive; reading does without.
        Tables = [.. tables.Select(t => t with { Mask = null })];
        _nodes = config.Cluster.ConnectAll(options.Timeout);
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>How long requests to the nodes took; empty before the first.</summary>
    public IReadOnlyList<NodeLatency> Latencies => Opened?.Latencies ?? [];

    /// <summary>Rows that the cache had.</summary>
    public long CacheHits => Opened?.CacheHits ?? 0;

    /// <summary>Rows that were asked for at nodes.</summary>
    public long CacheMisses => Opened?.CacheMisses ?? 0;

    private ShardedRowReader? Opened
    {
        get
        {
            lock (_lock)
                return _reader is { IsCompletedSuccessfully: true } ? _reader.Result : null;
        }
    }

    /// <summary>Takes the rows of a run.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="config">Its configuration, with the nodes.</param>
    /// <param name="tables">Its tables.</param>
    /// <param name="options">Settings.</param>
    /// <param name="former">Rows of another version of the run, which are shared where they are the same; null for none.</param>
    /// <exception cref="CheckpointException">No nodes have rows of the run.</exception>
    public static LiveRows Open(string directory, RunConfig config, IReadOnlyList<TableSpec> tables, LiveRowsOptions options, LiveRows? former)
    {
        if (RowsOnNodes.Find(directory) is null || config.Cluster.Nodes.Count == 0)
            throw Missing(directory);
        return former is not null && former._tables == ModelOf(config, tables).NamelessId && former.TryHold()
            ? former
            : new LiveRows(directory, config, tables, options);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The rows cannot be read now; the message names the node.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches) => GatherAsync(batches.ToArray()).GetAwaiter().GetResult();

    /// <summary>Fills the values of rows.</summary>
    /// <param name="batches">Batches of distinct rows; at most one per table, ascending.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <inheritdoc cref="Gather"/>
    public async Task GatherAsync(IReadOnlyList<RowBatch> batches, CancellationToken cancellation = default)
    {
        try
        {
            var reader = await ReaderAsync().WaitAsync(cancellation).ConfigureAwait(false);
            await reader.GatherAsync(batches, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ShardException or CheckpointException)
        {
            throw new IOException($"The rows cannot be read from the nodes: {e.Message}", e);
        }
    }

    /// <summary>Looks whether the rows have another name on the nodes, as when the trainer has begun another phase, and reads those from then on.</summary>
    /// <exception cref="CheckpointException">The file that names them is damaged.</exception>
    public void Follow()
    {
        var now = RowsOnNodes.Find(_directory);
        lock (_lock)
        {
            if (now is not null && _model is not null && now.Model != _model)
                CloseReader();
        }
    }

    /// <summary>Lets go of the rows; the last version to do so closes them.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (--_holds > 0)
                return;
            CloseReader();
        }

        foreach (var node in _nodes)
            node.Dispose();
    }

    /// <summary>The model that has a run's tables on nodes.</summary>
    /// <param name="config">Optimiser, seed, buckets.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="name">Its name there; without one it is good for comparing.</param>
    internal static ShardedModel ModelOf(RunConfig config, IReadOnlyList<TableSpec> tables, string name = "rows")
        => new(name, tables, config.SparseOptimizer.Name, config.SparseOptimizer.Options, (ulong)config.Train.Seed, config.Cluster.BucketCount);

    private bool TryHold()
    {
        lock (_lock)
        {
            if (_holds > 0)
                _holds++;
            return _holds > 0;
        }
    }

    // One attempt at a time, for all who wait; after one that failed the next read makes another.
    private Task<ShardedRowReader> ReaderAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_holds == 0, this);
            if (_reader is null or { IsFaulted: true })
            {
                string model = _model = RowsOnNodes.Find(_directory)?.Model ?? throw Missing(_directory);
                _reader = Task.Run(() => OpenAsync(model));
            }

            return _reader;
        }
    }

    private async Task<ShardedRowReader> OpenAsync(string model)
    {
        var options = new ShardedRowReaderOptions { CacheBytes = _options.CacheBytes, RetryTime = _options.Timeout, Time = _options.Time };
        var reader = await ShardedRowReader.OpenAsync(model, _nodes, options).ConfigureAwait(false);
        if (reader.Model.NamelessId == _tables)
            return reader;
        reader.Dispose();
        throw new IOException($"The rows cannot be read from the nodes: model '{model}' has other tables there than the checkpoint.");
    }

    private static CheckpointException Missing(string directory)
        => new($"{Path.Combine(directory, RowsOnNodes.FileName)}: the file is missing, since no nodes have rows of the run; valid: a run that is being trained with cluster.nodes, or has been with cluster.keep_rows: true.");

    // Reads that are on their way go on without it.
    private void CloseReader()
    {
        _reader?.ContinueWith(static opened => opened.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        _reader = null;
    }
}
