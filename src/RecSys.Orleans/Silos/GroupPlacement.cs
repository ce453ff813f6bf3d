using Orleans;
using Orleans.Runtime;

namespace RecSys.Orleans.Silos;

/// <summary>Groups are spread evenly over the silos, and stay where they are when others come and go.</summary>
[GenerateSerializer]
[Immutable]
internal sealed class GroupPlacement : PlacementStrategy;
