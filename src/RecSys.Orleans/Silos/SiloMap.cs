using Orleans.Runtime;
using RecSys.Cluster;

namespace RecSys.Orleans.Silos;

/// <summary>Which silo each group belongs to: <see cref="Placement"/> by the names of the silos, which they keep when they are restarted.</summary>
internal sealed class SiloMap(IClusterMembershipService membership, ShardGroupOptions options)
{
    private const string Groups = "groups";

    /// <summary>The silo of a group.</summary>
    /// <param name="group">Number of the group; the grain of one that does not exist says so, wherever it is.</param>
    /// <param name="silos">The silos, at least one.</param>
    public SiloAddress SiloOf(long group, IReadOnlyList<SiloAddress> silos)
    {
        var members = membership.CurrentSnapshot.Members;
        string[] names = [.. silos.Select(s => members.TryGetValue(s, out var member) ? member.Name : s.Endpoint.ToString())];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length)
            names = [.. silos.Select(s => s.Endpoint.ToString())];
        int[] placed = Placement.Place(Groups, options.GroupCount, names);
        return silos[(ulong)group < (ulong)placed.Length ? placed[group] : 0];
    }
}
