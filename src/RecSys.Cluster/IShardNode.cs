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
