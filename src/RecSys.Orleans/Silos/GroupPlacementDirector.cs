using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace RecSys.Orleans.Silos;

/// <summary>Finds the silo of a group that is on none.</summary>
internal sealed class GroupPlacementDirector(SiloMap map) : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? map.SiloOf(target.GrainIdentity.GetIntegerKey(), silos));
    }
}
