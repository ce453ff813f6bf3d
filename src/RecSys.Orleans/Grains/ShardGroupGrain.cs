using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using RecSys.Cluster;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Orleans.Silos;

namespace RecSys.Orleans.Grains;

/// <summary>A bucket group on the silo that has it.</summary>
/// <remarks>
/// <para>Rows are read and updated in the turn of the call, as long as a request takes; what works with whole buckets goes beside, so that
/// requests pass it. While an update waits for its log, others come in and share the flush.</para>
/// <para>The group is opened beside, too, because a log may take longer to replay than Orleans lets an activation start; calls wait for it.</para>
/// </remarks>
[Reentrant]
[KeepAlive]
[Immovable]
[GroupPlacement]
internal sealed class ShardGroupGrain(OpenGroups groups, ShardGroupOptions options, IOptions<SiloMessagingOptions> messaging) : Grain, IShardGroupGrain, IIncomingGrainCallFilter
{
    // What is in a message besides the bytes of a request or an answer: the name of the model, and headers.
    private const int RestByteCount = 1 << 12;

    private readonly GroupFiles _files = new();
    private Task<ShardNode>? _opening;

    private int Number => (int)this.GetPrimaryKeyLong();

    /// <summary>What goes wrong on this side is no reason to take the group for unreachable.</summary>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (IOException e)
        {
            throw new ShardException(ShardErrorKind.Unavailable, e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if ((ulong)this.GetPrimaryKeyLong() < (ulong)options.GroupCount)
            _opening = OpenAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _files.Dispose();
        if (_opening is { } opening)
            await Task.Run(() => groups.CloseAsync(opening), CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task<GroupLimits> GetLimitsAsync() => Task.FromResult(new GroupLimits(options.GroupCount, messaging.Value.MaxMessageBodySize - RestByteCount));

    /// <inheritdoc/>
    public async Task<string[]> ListAsync() => [.. await (await NodeAsync()).ListAsync(CancellationToken.None)];

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> FindAsync(string model) => GroupJson.Write(await (await NodeAsync()).FindAsync(model, CancellationToken.None));

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> CreateAsync(byte[] model, int[] buckets, ulong generation)
    {
        var node = await NodeAsync();
        return GroupJson.Write(await Task.Run(() => node.CreateAsync(ShardedModelFormat.Read(model), buckets, generation, CancellationToken.None)));
    }

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> DescribeAsync(string model) => ShardedModelFormat.Write((await NodeAsync()).Get(model).Model).AsImmutable();

    /// <inheritdoc/>
    public async Task DeleteAsync(string model)
    {
        var node = await NodeAsync();
        await Task.Run(() => node.DeleteAsync(model, CancellationToken.None));
    }

    /// <inheritdoc/>
    public Task<long> DetachAsync(string model, int bucket, Guid file) => WriteAsync(file, (node, path) => node.DetachAsync(model, bucket, path, CancellationToken.None));

    /// <inheritdoc/>
    public Task AttachAsync(string model, int bucket, Guid file) => TakeAsync(file, (node, path) => node.AttachAsync(model, bucket, path, CancellationToken.None));

    /// <inheritdoc/>
    public Task<long> CopyAsync(string model, int bucket, ulong chain, Guid file) => WriteAsync(file, (node, path) => node.CopyAsync(model, bucket, chain, path, CancellationToken.None));

    /// <inheritdoc/>
    public Task FollowAsync(string model, int bucket, Guid file) => TakeAsync(file, (node, path) => node.FollowAsync(model, bucket, path, CancellationToken.None));

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> ChangesAsync(string model, byte[] since)
        => GroupJson.Write(await (await NodeAsync()).ChangesAsync(model, GroupJson.Read<BucketLink[]>(since), CancellationToken.None));

    /// <inheritdoc/>
    public async Task ForgetAsync(string model, int bucket)
    {
        var node = await NodeAsync();
        await Task.Run(() => node.ForgetAsync(model, bucket, CancellationToken.None));
    }

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> ReadFileAsync(Guid file, long offset) => (await _files.ReadAsync(file, offset)).AsImmutable();

    /// <inheritdoc/>
    public Task WriteFileAsync(Guid file, long offset, byte[] part) => _files.WriteAsync(file, offset, part);

    /// <inheritdoc/>
    public Task EndFileAsync(Guid file)
    {
        _files.Delete(file);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<Immutable<byte[]>> ReadAsync(string model, byte[] request)
    {
        var shard = (await NodeAsync()).Get(model);
        using var parsed = ShardRequest.Parse(request, shard.Model, ShardRequestKind.Gather, ShardRequestKind.Export);
        byte[] reply = GC.AllocateUninitializedArray<byte>(parsed.ReplyByteCount);
        shard.Read(parsed, reply);
        return reply.AsImmutable();
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string model, byte[] request) => await (await NodeAsync()).WriteAsync(model, request, CancellationToken.None);

    private async Task<long> WriteAsync(Guid file, Func<ShardNode, string, Task> write)
    {
        var node = await NodeAsync();
        string path = _files.Create(file);
        await Task.Run(() => write(node, path));
        return new FileInfo(path).Length;
    }

    private async Task TakeAsync(Guid file, Func<ShardNode, string, Task> take)
    {
        var node = await NodeAsync();
        string path = _files.Find(file);
        await Task.Run(() => take(node, path));
    }

    // One that could not be opened, such as one that another silo still closes, is tried again.
    private Task<ShardNode> NodeAsync()
    {
        if (_opening is null)
            throw new ShardException(ShardErrorKind.Invalid, $"There is no group {this.GetPrimaryKeyLong()}; valid: 0 … {options.GroupCount - 1}.");
        return _opening = _opening.IsFaulted ? OpenAsync() : _opening;
    }

    private Task<ShardNode> OpenAsync()
    {
        var context = GrainContext;
        return Task.Run(() => groups.Open(Number, context));
    }
}
