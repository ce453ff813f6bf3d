using Orleans.Runtime;
using RecSys.Cluster;
using RecSys.Cluster.Snapshots;
using RecSys.Orleans.Grains;

namespace RecSys.Orleans;

/// <summary>A bucket group, wherever it is.</summary>
/// <param name="name">Name of the group.</param>
/// <param name="grain">The group.</param>
/// <param name="largestByteCount"><see cref="GroupLimits.LargestByteCount"/>.</param>
internal sealed class OrleansShardNode(string name, IShardGroupGrain grain, int largestByteCount) : IShardNode
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc cref="IShardGroupGrain.GetLimitsAsync"/>
    public Task<GroupLimits> GetLimitsAsync(CancellationToken cancellation) => CallAsync(grain.GetLimitsAsync(), cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation) => await CallAsync(grain.ListAsync(), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<ShardState?> FindAsync(string model, CancellationToken cancellation)
        => GroupJson.Read<ShardState?>((await CallAsync(grain.FindAsync(model), cancellation).ConfigureAwait(false)).Value);

    /// <inheritdoc/>
    public async Task<ShardState> CreateAsync(ShardedModel model, IReadOnlyList<int> buckets, ulong generation, CancellationToken cancellation)
        => GroupJson.Read<ShardState>((await CallAsync(grain.CreateAsync(ShardedModelFormat.Write(model), [.. buckets], generation), cancellation).ConfigureAwait(false)).Value);

    /// <inheritdoc/>
    public async Task<ShardedModel> DescribeAsync(string model, CancellationToken cancellation)
        => ShardedModelFormat.Read((await CallAsync(grain.DescribeAsync(model), cancellation).ConfigureAwait(false)).Value);

    /// <inheritdoc/>
    public Task DetachAsync(string model, int bucket, string path, CancellationToken cancellation) => ReceiveFileAsync(file => grain.DetachAsync(model, bucket, file), path, cancellation);

    /// <inheritdoc/>
    public Task AttachAsync(string model, int bucket, string path, CancellationToken cancellation) => SendFileAsync(file => grain.AttachAsync(model, bucket, file), path, cancellation);

    /// <inheritdoc/>
    public Task CopyAsync(string model, int bucket, ulong chain, string path, CancellationToken cancellation)
        => ReceiveFileAsync(file => grain.CopyAsync(model, bucket, chain, file), path, cancellation);

    /// <inheritdoc/>
    public Task FollowAsync(string model, int bucket, string path, CancellationToken cancellation) => SendFileAsync(file => grain.FollowAsync(model, bucket, file), path, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BucketChanges>> ChangesAsync(string model, IReadOnlyList<BucketLink> since, CancellationToken cancellation)
        => GroupJson.Read<BucketChanges[]>((await CallAsync(grain.ChangesAsync(model, GroupJson.Write(since).Value), cancellation).ConfigureAwait(false)).Value);

    /// <inheritdoc/>
    public Task ForgetAsync(string model, int bucket, CancellationToken cancellation) => CallAsync(grain.ForgetAsync(model, bucket), cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync(string model, CancellationToken cancellation) => CallAsync(grain.DeleteAsync(model), cancellation);

    /// <inheritdoc/>
    public async Task ReadAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation)
    {
        CheckLength("request", request.Length);
        CheckLength("answer", reply.Length);
        byte[] answer = (await CallAsync(grain.ReadAsync(model, request.ToArray()), cancellation).ConfigureAwait(false)).Value;
        if (answer.Length != reply.Length)
            throw new IOException($"Node '{name}' answered {answer.Length} bytes, but {reply.Length} were expected.");
        answer.CopyTo(reply);
    }

    /// <inheritdoc/>
    /// <remarks>The request is copied: a call that was given up may still be on its way when its buffer is used again.</remarks>
    public async Task WriteAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        CheckLength("request", request.Length);
        await CallAsync(grain.WriteAsync(model, request.ToArray()), cancellation).ConfigureAwait(false);
    }

    /// <summary>Does nothing: the client belongs to the caller.</summary>
    public void Dispose()
    {
    }

    private void CheckLength(string what, int byteCount)
    {
        if (byteCount > largestByteCount)
            throw new ShardException(ShardErrorKind.Invalid, $"The {what} has {byteCount} bytes; at most {largestByteCount} fit into a message (MessagingOptions.MaxMessageBodySize of the silos).");
    }

    private async Task ReceiveFileAsync(Func<Guid, Task<long>> write, string path, CancellationToken cancellation)
    {
        var file = Guid.NewGuid();
        try
        {
            long byteCount = await CallAsync(write(file), cancellation).ConfigureAwait(false);
            var target = new FileStream(path, FileMode.Create, FileAccess.Write);
            await using var closing = target.ConfigureAwait(false);
            while (target.Position < byteCount)
            {
                var part = await CallAsync(grain.ReadFileAsync(file, target.Position), cancellation).ConfigureAwait(false);
                await target.WriteAsync(part.Value, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await EndAsync(file).ConfigureAwait(false);
        }
    }

    private async Task SendFileAsync(Func<Guid, Task> take, string path, CancellationToken cancellation)
    {
        var file = Guid.NewGuid();
        try
        {
            using var source = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long byteCount = RandomAccess.GetLength(source);
            for (long at = 0; at < byteCount;)
            {
                byte[] part = GC.AllocateUninitializedArray<byte>((int)Math.Min(GroupFiles.PartByteCount, byteCount - at));
                int read = await RandomAccess.ReadAsync(source, part, at, cancellation).ConfigureAwait(false);
                await CallAsync(grain.WriteFileAsync(file, at, part[..read]), cancellation).ConfigureAwait(false);
                at += read;
            }

            await CallAsync(take(file), cancellation).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(file).ConfigureAwait(false);
        }
    }

    // What is left of the file goes with the group's activation.
    private async Task EndAsync(Guid file)
    {
        try
        {
            await CallAsync(grain.EndFileAsync(file), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ShardException)
        {
        }
    }

    private async Task CallAsync(Task call, CancellationToken cancellation)
    {
        try
        {
            await call.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            throw new IOException($"Node '{name}' cannot be reached: {e.Message}", e);
        }
    }

    private async Task<T> CallAsync<T>(Task<T> call, CancellationToken cancellation)
    {
        await CallAsync((Task)call, cancellation).ConfigureAwait(false);
        return await call.ConfigureAwait(false);
    }
}
