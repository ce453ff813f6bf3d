using RecSys.Cluster.Requests;

namespace RecSys.Cluster;

/// <summary>A node that holds buckets, as its clients see it: in this process, behind HTTP, or a grain.</summary>
/// <remarks>Thread-safe. Every method throws <see cref="ShardException"/> when the node refuses, and <see cref="IOException"/> when it cannot
/// be reached.</remarks>
public interface IShardNode : IDisposable
{
    /// <summary>Its name: what placement hashes, and what messages say.</summary>
    string Name { get; }

    /// <summary>Creates the buckets of a model, or opens what the node has of it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="buckets">Buckets to create when the node does not know the model.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ShardException">The node has another model of this name.</exception>
    Task<ShardState> OpenAsync(ShardedModel model, IReadOnlyList<int> buckets, CancellationToken cancellation);

    /// <summary>Reads rows.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="request">A <see cref="ShardRequest"/> of kind <see cref="ShardRequestKind.Gather"/>.</param>
    /// <param name="reply">Receives the values; exactly as long as they are.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task GatherAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation);

    /// <summary>A step of the optimiser; ends when it is as durable as the node promises.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="request">A <see cref="ShardRequest"/> of kind <see cref="ShardRequestKind.Apply"/>.</param>
    /// <param name="cancellation">Gives up waiting; the update may be applied or not.</param>
    Task ApplyAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation);
}
