using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Hosting;
using Orleans.Serialization;
using RecSys.Cluster;
using RecSys.Orleans.Grains;
using RecSys.Orleans.Silos;

namespace RecSys.Orleans;

/// <summary>Bucket groups in an Orleans cluster: on its silos, and for its clients.</summary>
public static class RecSysShards
{
    /// <summary>Lets a silo host bucket groups. All silos of a cluster do, with the same settings.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="options">Settings.</param>
    /// <returns>The silo.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public static ISiloBuilder AddRecSysShards(this ISiloBuilder silo, ShardGroupOptions options)
    {
        options.Validate();
        AddTypes(silo.Services);
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(options).AddSingleton<OpenGroups>().AddSingleton<SiloMap>();
        silo.AddPlacementDirector<GroupPlacement, GroupPlacementDirector>();
        if (options.Storage is not null)
            silo.Services.AddHostedService<GroupBalancer>();
        return silo;
    }

    /// <summary>Lets a client outside the silos call bucket groups.</summary>
    /// <param name="client">The client.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddRecSysShards(this IClientBuilder client)
    {
        AddTypes(client.Services);
        return client;
    }

    /// <summary>The bucket groups of the cluster, as nodes for <see cref="Cluster.Client.ShardedRowStore"/>.</summary>
    /// <param name="grains">A connected client, or the grain factory of a silo.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Nodes <c>group-0</c>, <c>group-1</c> …; they stay valid as long as the client is, and need not be disposed.</returns>
    /// <exception cref="IOException">The cluster cannot be reached.</exception>
    public static async Task<IReadOnlyList<IShardNode>> GetRecSysShardsAsync(this IGrainFactory grains, CancellationToken cancellation = default)
    {
        var limits = await Node(0, default).GetLimitsAsync(cancellation).ConfigureAwait(false);
        return [.. Enumerable.Range(0, limits.GroupCount).Select(g => Node(g, limits))];

        OrleansShardNode Node(int group, GroupLimits limits) => new(FormattableString.Invariant($"group-{group}"), grains.GetGrain<IShardGroupGrain>(group), limits.LargestByteCount);
    }

    // The assembly may not be loaded yet when the host looks for types.
    private static void AddTypes(IServiceCollection services) => services.AddSerializer(s => s.AddAssembly(typeof(RecSysShards).Assembly));
}
