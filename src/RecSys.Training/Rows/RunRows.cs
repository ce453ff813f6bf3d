using System.Text;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;

namespace RecSys.Training.Rows;

/// <summary>Where a run gets the rows of its phases.</summary>
/// <param name="config">Optimiser, seed, buckets, staleness.</param>
/// <param name="nodes">Nodes for the rows; none keeps them in the processes of the workers.</param>
/// <param name="directory">The run's folder, which names the models on the nodes.</param>
/// <param name="workers">Who trains them.</param>
internal sealed class RunRows(RunConfig config, IReadOnlyList<IShardNode> nodes, string directory, WorkerGroup workers)
{
    private int _count;
    private bool _isChecked;

    /// <summary>Rows with their first values.</summary>
    /// <param name="tables">The tables of a phase.</param>
    /// <param name="device">Where the dense part computes. Rows of one process are there too.</param>
    /// <exception cref="ConfigException">The device has not enough memory.</exception>
    public PhaseRows Create(IReadOnlyList<TableSpec> tables, Device device)
    {
        var placement = new TablePlacement(config, device);
        var group = nodes.Count == 0 && workers.Count > 1 ? workers.Processes : null;
        if (!_isChecked)
            Check(group is null ? tables : [.. tables.Select(t => ExchangedRowStore.ShareOf(t, group.Rank, group.WorldSize))], placement, device);
        bool isOnGpu = placement.Rest == TablePlace.Gpu;
        if (group is not null)
            return new ExchangedRows(new ExchangedRowStore(group, tables, config.SparseOptimizer.Create(), (ulong)config.Train.Seed, isOnGpu ? device : null, placement.CachedRows), workers);
        if (isOnGpu)
            return new DeviceRows(new DeviceRowStore(tables, config.SparseOptimizer.Create(), (ulong)config.Train.Seed, device, placement.CachedRows), config.SparseOptimizer.Create);
        if (nodes.Count == 0)
            return new LocalRows(new MemoryRowStore(tables, config.SparseOptimizer.Create(), (ulong)config.Train.Seed));
        var model = LiveRows.ModelOf(config, tables, NextName());
        var options = new ShardedRowStoreOptions { Staleness = config.Cluster.Staleness, Worker = (ulong)workers.Rank + 1, WorkerCount = workers.Count, Pins = config.Cluster.Pins };
        var created = workers.IsLeader ? ShardedRowStore.CreateAsync(model, nodes, options).GetAwaiter().GetResult() : null;
        if (workers.IsLeader)
            new RowsOnNodes(model.Name).Write(directory);
        workers.Wait();
        return new ClusterRows(created ?? ShardedRowStore.OpenAsync(model, nodes, options).GetAwaiter().GetResult(), options.Staleness, directory, workers);
    }

    // Before training starts. Later phases may have tables of other names, and what libtorch keeps for its next tensors is not free for others, but for these.
    private void Check(IReadOnlyList<TableSpec> tables, TablePlacement placement, Device device)
    {
        placement.Require(tables);
        if (placement.Rest == TablePlace.Gpu)
            DeviceMemory.Of(device).Require([.. placement.OnGpu(tables)], config.SparseOptimizer.Create(), config.Train);
        _isChecked = true;
    }

    // The same names each time the run is started: what an interrupted one has left on the nodes is replaced.
    private string NextName()
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        string name = string.Concat(Path.GetFileName(path).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        ulong hash = FileChecksum.Compute(Encoding.UTF8.GetBytes($"{Environment.MachineName}:{path}"));
        return FormattableString.Invariant($"{name[..Math.Min(name.Length, 50)]}-{hash:x16}-{++_count}");
    }
}
