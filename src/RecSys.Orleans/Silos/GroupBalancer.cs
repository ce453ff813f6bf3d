using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using RecSys.Orleans.Grains;

namespace RecSys.Orleans.Silos;

/// <summary>Moves the groups of this silo, one after the other, when another has come that they belong to.</summary>
internal sealed class GroupBalancer(IClusterMembershipService membership, ILocalSiloDetails local, SiloMap map, OpenGroups groups, ShardGroupOptions options, TimeProvider time)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            // A cluster that starts or is replaced silo by silo changes many times.
            if (IsCurrent(snapshot))
                await Task.Delay(options.SettleTime, time, stoppingToken);
            if (IsCurrent(snapshot))
                await MoveAsync(snapshot, stoppingToken);
        }
    }

    private bool IsCurrent(ClusterMembershipSnapshot snapshot) => snapshot.Version == membership.CurrentSnapshot.Version;

    private async Task MoveAsync(ClusterMembershipSnapshot snapshot, CancellationToken stopping)
    {
        SiloAddress[] silos = [.. snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress)];
        if (!silos.Contains(local.SiloAddress))
            return;
        foreach ((int group, var grain) in groups.All)
        {
            var silo = map.SiloOf(group, silos);
            if (silo.Equals(local.SiloAddress))
                continue;
            grain.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = silo }, stopping);
            await grain.Deactivated.WaitAsync(stopping);
        }
    }
}
