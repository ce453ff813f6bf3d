using System.Collections.Concurrent;
using RecSys.Cluster.Requests;

namespace RecSys.Cluster;

/// <summary>The shards of a node, one per model. Hosts put it behind their transport; in process it is used as it is.</summary>
/// <param name="name">Name of the node.</param>
public sealed class ShardNode(string name) : IShardNode
{
    private readonly ConcurrentDictionary<string, Shard> _shards = new(StringComparer.Ordinal);
    private readonly Lock _opening = new();

    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public Task<ShardState> OpenAsync(ShardedModel model, IReadOnlyList<int> buckets, CancellationToken cancellation)
    {
        lock (_opening)
        {
            if (!_shards.TryGetValue(model.Name, out var shard))
                _shards[model.Name] = shard = Shard.Create(model, buckets);
            if (shard.Model.Id != model.Id)
                throw new ShardException(ShardErrorKind.Conflict, $"Node '{Name}' has another model named '{model.Name}': its tables, optimiser, seed or number of buckets differ.");
            return Task.FromResult(new ShardState(shard.Generation, shard.Buckets, shard.ByteCount));
        }
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
    public Task GatherAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation)
    {
        var shard = Get(model);
        using var parsed = ShardRequest.Parse(request, shard.Model, ShardRequestKind.Gather);
        if (reply.Length != parsed.ReplyByteCount)
            throw new ShardException(ShardErrorKind.Invalid, $"The answer has {parsed.ReplyByteCount} bytes, but there is room for {reply.Length}.");
        shard.Gather(parsed, reply.Span);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ApplyAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        var shard = Get(model);
        using var parsed = ShardRequest.Parse(request, shard.Model, ShardRequestKind.Apply);
        shard.Apply(parsed);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
            shard.Dispose();
    }
}
