using Orleans.Placement;

namespace RecSys.Orleans.Silos;

/// <summary>Places a grain by <see cref="GroupPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class GroupPlacementAttribute() : PlacementAttribute(new GroupPlacement());
