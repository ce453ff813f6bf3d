using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster;

/// <summary>A node that holds buckets, as its clients see it: in this process, behind HTTP, or a grain.</summary>
/// <remarks>Thread-safe. Every method throws <see cref="ShardException"/> when the node refuses, and <see cref="IOException"/> when it cannot
/// be reached.</remarks>
public interface IShardNode : IDisposable
{
    /// <summary>Its name: what placement hashes, and what messages say.</summary>
    string Name { get; }

    /// <summary>Names of the models that the node has something of.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation);

    /// <summary>What the node has of a model.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when it does not know the model.</returns>
    Task<ShardState?> FindAsync(string model, CancellationToken cancellation);

    /// <summary>Creates buckets of a model with the first values of their rows, in the place of what the node has of a model of this name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="buckets">Numbers of the buckets.</param>
    /// <param name="generation">Number of the generation, the same on all nodes; at least 1.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<ShardState> CreateAsync(ShardedModel model, IReadOnlyList<int> buckets, ulong generation, CancellationToken cancellation);

    /// <summary>What a model of the node is.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<ShardedModel> DescribeAsync(string model, CancellationToken cancellation);

    /// <summary>Stops to serve a bucket and sends it, for another node. It is kept until <see cref="ForgetAsync"/>; done again, it sends the same.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="path">File that receives it.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task DetachAsync(string model, int bucket, string path, CancellationToken cancellation);

    /// <summary>Serves a bucket that came from another node.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="path">What the other node has sent.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task AttachAsync(string model, int bucket, string path, CancellationToken cancellation);

    /// <summary>Removes a bucket that another node has taken over, or a copy.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucket">Number of a bucket that was detached, or of a copy.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task ForgetAsync(string model, int bucket, CancellationToken cancellation);

    /// <summary>Sends a bucket as it is, or the rows that have changed since it was sent last, for a snapshot or a copy. Updates go on.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucket">Number of a bucket that belongs to the node.</param>
    /// <param name="chain">Number of a chain to begin with the whole bucket; 0 goes on with the chain.</param>
    /// <param name="path">File that receives it.</param>
    /// <param name="cancellation">Gives up waiting; then a chain has to be begun.</param>
    Task CopyAsync(string model, int bucket, ulong chain, string path, CancellationToken cancellation);

    /// <summary>Keeps a copy of a bucket for reading up to date, in memory: a whole bucket replaces what there is, a delta goes on from there.</summary>
    /// <param name="model">Name of the model, which the node has to know.</param>
    /// <param name="bucket">Number of a bucket that belongs to another node.</param>
    /// <param name="path">What <see cref="CopyAsync"/> has sent.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task FollowAsync(string model, int bucket, string path, CancellationToken cancellation);

    /// <summary>What has changed in buckets and copies since earlier files of their chains.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="since">The files; those of buckets that are not on the node are passed over.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Buckets with changes, or of which it is not known what has changed.</returns>
    Task<IReadOnlyList<BucketChanges>> ChangesAsync(string model, IReadOnlyList<BucketLink> since, CancellationToken cancellation);

    /// <summary>Forgets a model, on disk too. A node that does not know it does nothing.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task DeleteAsync(string model, CancellationToken cancellation);

    /// <summary>Reads rows.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="request">A <see cref="ShardRequest"/> that reads.</param>
    /// <param name="reply">Receives the answer; exactly as long as it is.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task ReadAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation);

    /// <summary>Changes rows; ends when that is as durable as the node promises.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="request">A <see cref="ShardRequest"/> that writes.</param>
    /// <param name="cancellation">Gives up waiting; the rows may be changed or not.</param>
    Task WriteAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation);
}
