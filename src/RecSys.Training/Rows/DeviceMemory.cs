using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;

namespace RecSys.Training.Rows;

/// <summary>What a device has room for.</summary>
/// <param name="Device">The device.</param>
/// <param name="Free">Bytes that nobody uses.</param>
/// <param name="Total">All bytes.</param>
public sealed record DeviceMemory(Device Device, long Free, long Total)
{
    /// <summary>Bytes that rows leave for the dense part and mini-batches.</summary>
    public const long Reserve = 1L << 30;

    private const double Gigabyte = 1e9;

    /// <summary>The memory of a GPU.</summary>
    /// <param name="device">The GPU.</param>
    /// <exception cref="TorchException">There is no such GPU.</exception>
    public static DeviceMemory Of(Device device)
    {
        (long free, long total) = torch.cuda_mem_get_info(device);
        return new DeviceMemory(device, free, total);
    }

    /// <summary>Checks that tables fit, with the state of their optimiser, before any of them is made.</summary>
    /// <param name="tables">The tables, as <see cref="TablePlacement.OnGpu"/> gives them.</param>
    /// <param name="optimizer">Optimiser of the rows.</param>
    /// <param name="train">What names the device.</param>
    /// <exception cref="ConfigException">They do not; the message names the largest table and the bytes.</exception>
    internal void Require(IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, TrainConfig train)
    {
        long needed = tables.Sum(t => DeviceTable.ByteCountOf(t, optimizer));
        if (tables.Count == 0 || needed + Reserve <= Free)
            return;
        var largest = tables.MaxBy(t => DeviceTable.ByteCountOf(t, optimizer))!;
        long state = largest.RowCount * optimizer.StateWidth(largest.Width) * sizeof(float);
        throw train.Error(
            $"the rows of {tables.Count} tables with the state of {optimizer.Name} take {Text(needed)}, and {Device} has {Text(Free)} free of {Text(Total)}, of which {Text(Reserve)} are left to the "
            + $"dense part; the largest is table '{largest.Name}': {Text(DeviceTable.ByteCountOf(largest, optimizer) - state)} of rows [{largest.RowCount} × {largest.Width}] and {Text(state)} of state; "
            + "valid: an embedding.method with a budget, a smaller embedding.precision or embedding.dimension, an optimiser with less state (row_wise_adagrad), train.host_tables, a smaller train.cache_load_factor, or the device cpu");
    }

    // Exact, since that is what has to fit.
    private static string Text(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes:#,0} bytes ({bytes / Gigabyte:0.##} GB)");
}
