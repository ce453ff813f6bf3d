using System.Collections.Concurrent;
using RecSys.Cluster.Log;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Cluster.Storage;

namespace RecSys.Cluster;

/// <summary>The shards of a node, one per model. Hosts put it behind their transport; in process it is used as it is.</summary>
public sealed class ShardNode : IShardNode
{
    private readonly StorageOptions? _storage;
    private readonly ConcurrentDictionary<string, Shard> _shards = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();

    /// <summary>Creates a node without any models; or, with a folder, opens the models in it.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="storage">Where it keeps its models; null keeps them in memory only.</param>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public ShardNode(string name, StorageOptions? storage = null)
    {
        Name = name;
        _storage = storage;
        if (storage is null)
            return;
        try
        {
            DirectorySync.Create(Path.GetFullPath(storage.Folder));
            foreach (string model in Directory.EnumerateDirectories(storage.Folder).Select(f => Path.GetFileName(f)))
            {
                if (Shard.Open(model, storage) is { } shard)
                    _shards[model] = shard;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Most bytes of rows, index and optimiser of all models; what needs more is refused.</summary>
    /// <value>The memory of the machine, or of its container, by default.</value>
    public long MaxBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>([.. _shards.Keys.Order(StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task<ShardState?> FindAsync(string model, CancellationToken cancellation)
        => Task.FromResult(_shards.TryGetValue(model, out var shard) ? shard.State : null);

    /// <inheritdoc/>
    public Task<ShardState> CreateAsync(ShardedModel model, IReadOnlyList<int> buckets, ulong generation, CancellationToken cancellation)
    {
        lock (_changing)
        {
            CheckCreation(model, buckets, generation);
            Remove(model.Name);
            var shard = Shard.Create(model, buckets, generation, _storage);
            _shards[model.Name] = shard;
            return Task.FromResult(shard.State);
        }
    }

    /// <inheritdoc/>
    public Task<ShardedModel> DescribeAsync(string model, CancellationToken cancellation) => Task.FromResult(Get(model).Model);

    /// <inheritdoc/>
    public Task DetachAsync(string model, int bucket, string path, CancellationToken cancellation)
    {
        Get(model).Detach(bucket, path);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task AttachAsync(string model, int bucket, string path, CancellationToken cancellation) => Reading(() => Get(model).Attach(bucket, path));

    /// <inheritdoc/>
    public Task ForgetAsync(string model, int bucket, CancellationToken cancellation)
    {
        Get(model).Forget(bucket);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CopyAsync(string model, int bucket, ulong chain, string path, CancellationToken cancellation)
    {
        Get(model).Copy(bucket, chain, path);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task FollowAsync(string model, int bucket, string path, CancellationToken cancellation) => Reading(() => Get(model).Follow(bucket, path));

    /// <inheritdoc/>
    public Task<IReadOnlyList<BucketChanges>> ChangesAsync(string model, IReadOnlyList<BucketLink> since, CancellationToken cancellation)
        => Task.FromResult(Get(model).Changes(since));

    /// <inheritdoc/>
    public Task DeleteAsync(string model, CancellationToken cancellation)
    {
        lock (_changing)
            Remove(model);
        return Task.CompletedTask;
    }

    /// <summary>Takes a shard over.</summary>
    /// <param name="shard">A shard of a model that the node does not have; it then belongs to the node.</param>
    /// <exception cref="ShardException">The node has the model.</exception>
    public void Add(Shard shard)
    {
        if (!_shards.TryAdd(shard.Model.Name, shard))
            throw new ShardException(ShardErrorKind.Conflict, $"Node '{Name}' has model '{shard.Model.Name}' already.");
    }

    /// <summary>The part of a model that is here.</summary>
    /// <param name="model">Name of the model.</param>
    /// <exception cref="ShardException">There is no such model.</exception>
    public Shard Get(string model)
        => _shards.TryGetValue(model, out var shard) ? shard : throw new ShardException(ShardErrorKind.NotFound, $"Node '{Name}' has no model '{model}'.");

    /// <inheritdoc/>
    public Task ReadAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation)
    {
        var shard = Get(model);
        using var parsed = ShardRequest.Parse(request, shard.Model, ShardRequestKind.Gather, ShardRequestKind.Export);
        if (reply.Length != parsed.ReplyByteCount)
            throw new ShardException(ShardErrorKind.Invalid, $"The answer has {parsed.ReplyByteCount} bytes, but there is room for {reply.Length}.");
        shard.Read(parsed, reply.Span);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        var shard = Get(model);
        using var parsed = ShardRequest.Parse(request, shard.Model, ShardRequestKind.Apply, ShardRequestKind.Import);
        try
        {
            await shard.WriteAsync(parsed, cancellation).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw new ShardException(ShardErrorKind.NotFound, $"Node '{Name}' has forgotten model '{model}'.", e);
        }
    }

    /// <summary>Writes to disk what a crash would lose; the last call before <see cref="Dispose"/>.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void Close()
    {
        foreach (var shard in _shards.Values)
            shard.Close();
    }

    /// <summary>Frees all rows. What is not on disk is lost, as in a crash.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
            shard.Dispose();
    }

    // A file that came from a client is part of its request.
    private static Task Reading(Action read)
    {
        try
        {
            read();
            return Task.CompletedTask;
        }
        catch (InvalidDataException e)
        {
            throw new ShardException(ShardErrorKind.Invalid, e.Message, e);
        }
    }

    private void Remove(string model)
    {
        if (!_shards.TryRemove(model, out var shard))
            return;
        shard.Dispose();
        if (_storage is not null)
            ShardFolder.Delete(Path.Combine(_storage.Folder, model));
    }

    // What cannot be is refused before anything is forgotten for it; tables that do not fit would take down the other models with them.
    private void CheckCreation(ShardedModel model, IReadOnlyList<int> buckets, ulong generation)
    {
        if (generation == 0 || buckets.Any(b => (uint)b >= (uint)model.BucketCount) || buckets.Distinct().Count() < buckets.Count)
            throw new ShardException(ShardErrorKind.Invalid, $"Model '{model.Name}' cannot be created: the generation is at least 1, and buckets are numbers 0 … {model.BucketCount - 1}, each once.");
        double needed = model.ByteCount * buckets.Count / model.BucketCount;
        double left = MaxBytes - (double)_shards.Values.Where(s => s.Model.Name != model.Name).Sum(s => s.ByteCount);
        if (needed > left)
            throw new ShardException(ShardErrorKind.Invalid, $"The rows of model '{model.Name}' need {needed:0} bytes on node '{Name}', which has {left:0} left of {MaxBytes}.");
    }
}
