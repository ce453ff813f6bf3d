using Orleans;
using Orleans.Concurrency;
using RecSys.Cluster;
using RecSys.Cluster.Snapshots;

namespace RecSys.Orleans.Grains;

/// <summary>A bucket group: <see cref="IShardNode"/> as calls that carry bytes. Its key is its number.</summary>
/// <remarks>Arrays are immutable as soon as they are sent, so nothing copies them on their way. A refusal is a <see cref="ShardException"/>.</remarks>
[Alias("recsys.shard-group")]
internal interface IShardGroupGrain : IGrainWithIntegerKey
{
    /// <summary>What clients have to know first.</summary>
    [Alias("limits")]
    Task<GroupLimits> GetLimitsAsync();

    /// <inheritdoc cref="IShardNode.ListAsync"/>
    [Alias("list")]
    Task<string[]> ListAsync();

    /// <inheritdoc cref="IShardNode.FindAsync"/>
    /// <returns>JSON of a <see cref="ShardState"/> or null.</returns>
    [Alias("find")]
    Task<Immutable<byte[]>> FindAsync(string model);

    /// <inheritdoc cref="IShardNode.CreateAsync"/>
    /// <returns>JSON of a <see cref="ShardState"/>.</returns>
    [Alias("create")]
    [ResponseTimeout("00:10:00")]
    Task<Immutable<byte[]>> CreateAsync([Immutable] byte[] model, [Immutable] int[] buckets, ulong generation);

    /// <inheritdoc cref="IShardNode.DescribeAsync"/>
    [Alias("describe")]
    Task<Immutable<byte[]>> DescribeAsync(string model);

    /// <inheritdoc cref="IShardNode.DeleteAsync"/>
    [Alias("delete")]
    Task DeleteAsync(string model);

    /// <summary>Stops to serve a bucket and writes it to a file, for <see cref="ReadFileAsync"/>.</summary>
    /// <returns>Bytes of the file.</returns>
    [Alias("detach")]
    [ResponseTimeout("00:10:00")]
    Task<long> DetachAsync(string model, int bucket, Guid file);

    /// <summary>Serves the bucket in a file that <see cref="WriteFileAsync"/> has written.</summary>
    [Alias("attach")]
    [ResponseTimeout("00:10:00")]
    Task AttachAsync(string model, int bucket, Guid file);

    /// <summary>Writes a bucket, or what has changed in it, to a file, for <see cref="ReadFileAsync"/>.</summary>
    /// <returns>Bytes of the file.</returns>
    [Alias("copy")]
    [ResponseTimeout("00:10:00")]
    Task<long> CopyAsync(string model, int bucket, ulong chain, Guid file);

    /// <summary>Brings a copy up to date with a file that <see cref="WriteFileAsync"/> has written.</summary>
    [Alias("follow")]
    [ResponseTimeout("00:10:00")]
    Task FollowAsync(string model, int bucket, Guid file);

    /// <inheritdoc cref="IShardNode.ChangesAsync"/>
    /// <param name="model">Name of the model.</param>
    /// <param name="since">JSON of an array of <see cref="BucketLink"/>.</param>
    /// <returns>JSON of an array of <see cref="BucketChanges"/>.</returns>
    [Alias("changes")]
    Task<Immutable<byte[]>> ChangesAsync(string model, [Immutable] byte[] since);

    /// <inheritdoc cref="IShardNode.ForgetAsync"/>
    [Alias("forget")]
    Task ForgetAsync(string model, int bucket);

    /// <summary>Reads a file from a byte on, at most <see cref="GroupFiles.PartByteCount"/> bytes.</summary>
    [Alias("read-file")]
    Task<Immutable<byte[]>> ReadFileAsync(Guid file, long offset);

    /// <summary>Writes a part of a file, which is created with its first.</summary>
    [Alias("write-file")]
    Task WriteFileAsync(Guid file, long offset, [Immutable] byte[] part);

    /// <summary>Removes a file.</summary>
    [Alias("end-file")]
    Task EndFileAsync(Guid file);

    /// <inheritdoc cref="IShardNode.ReadAsync"/>
    [Alias("read")]
    Task<Immutable<byte[]>> ReadAsync(string model, [Immutable] byte[] request);

    /// <inheritdoc cref="IShardNode.WriteAsync"/>
    [Alias("write")]
    Task WriteAsync(string model, [Immutable] byte[] request);
}
