using RecSys.Data.Configuration;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;

namespace RecSys.Training.Rows;

/// <summary>Which tables a run keeps where.</summary>
/// <param name="config">Device, nodes, and the tables that stay on the host.</param>
/// <param name="device">Where the dense part computes.</param>
public sealed class TablePlacement(RunConfig config, Device device)
{
    // Of a table with more; small ones would miss rows in every step to save next to nothing.
    private const int FewestCachedRows = 1024;

    private readonly string[] _patterns = [.. config.Train.HostTables];

    /// <summary>Where all tables are but those that stay on the host.</summary>
    /// <remarks>The penalty by samples of a row is added to gradients in the memory of the host.</remarks>
    public TablePlace Rest => config.Cluster.Nodes.Count > 0 ? TablePlace.Cluster
        : device.Type == DeviceType.CPU || config.SparseOptimizer.BatchAwareL2 > 0 ? TablePlace.Host
        : TablePlace.Gpu;

    /// <summary>Where a table is.</summary>
    /// <param name="table">The table.</param>
    public TablePlace PlaceOf(TableSpec table) => CachedRows(table) switch
    {
        null => Rest,
        0 => TablePlace.Host,
        _ => TablePlace.CachedHost,
    };

    /// <summary>Rows that the GPU caches of a table that stays on the host; null for other tables.</summary>
    /// <param name="table">The table. One with a mask has no cache: its rows have no places of equal size.</param>
    public int? CachedRows(TableSpec table)
        => Rest != TablePlace.Gpu || !_patterns.Any(p => Matches(p, table.Name)) ? null
            : table.Mask is not null || config.Train.CacheLoadFactor == 0 ? 0
            : (int)Math.Min(int.MaxValue, Math.Min(table.RowCount, Math.Max(FewestCachedRows, Math.Ceiling(table.RowCount * config.Train.CacheLoadFactor))));

    /// <summary>What the GPU has of the tables: those that are there, and the caches of others.</summary>
    /// <param name="tables">All tables.</param>
    public IEnumerable<TableSpec> OnGpu(IEnumerable<TableSpec> tables) => tables
        .Where(t => PlaceOf(t) is TablePlace.Gpu or TablePlace.CachedHost)
        .Select(t => t with { RowCount = CachedRows(t) ?? t.RowCount });

    /// <summary>Checks that every name of a table that stays on the host is one.</summary>
    /// <param name="tables">All tables.</param>
    /// <exception cref="ConfigException">One is not.</exception>
    public void Require(IReadOnlyList<TableSpec> tables)
    {
        if (Array.Find(_patterns, p => !tables.Any(t => Matches(p, t.Name))) is { } wrong)
            throw config.Root.Error("train.host_tables", $"there is no table '{wrong}'; valid: {string.Join(", ", tables.Select(t => t.Name))}, or the beginning of names with * behind it");
    }

    private static bool Matches(string pattern, string table)
        => pattern.EndsWith('*') ? table.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == table;
}
