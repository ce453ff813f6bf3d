using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace RecSys.Cluster.Snapshots;

/// <summary>A place in a chain of snapshots: a base and the deltas that follow it.</summary>
/// <param name="Chain">Random number of the chain; 0 for a file that no delta follows.</param>
/// <param name="Number">0 for the base, then 1, 2, …</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct ChainLink(ulong Chain, long Number)
{
    /// <summary>No chain.</summary>
    public static ChainLink None => default;

    /// <summary>The delta that follows.</summary>
    [JsonIgnore]
    public ChainLink Next => this with { Number = Number + 1 };
}
