using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace RecSys.Cluster.Http;

/// <summary>Makes the pools of a server.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>
{
    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new BlockPool();
}
