using RecSys.Cluster.Requests;

namespace RecSys.Cluster;

/// <summary>A node that holds buckets, as its clients see it: in this process, behind HTTP, or a grain.</summary>
/// <remarks>Thread-safe. Every method throws <see cref="ShardException"/> when the node refuses, and <see cref="IOException"/> when it cannot
/// be reached.</remarks>
public interface IShardNode : IDisposable
{
    /// <summary>Its name: what placement hashes, and what messages say.</summary>
    string Name { get; }

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
