using RecSys.Data.Configuration;
using RecSys.Torch;
using RecSys.Torch.Distributed;

namespace RecSys.Training.Configuration;

/// <summary>Batches, epochs, seeds, precision, stopping and checkpoints.</summary>
public sealed class TrainConfig
{
    private readonly ConfigNode _node;

    internal TrainConfig(ConfigNode node)
    {
        _node = node;
        BatchSize = node.Int32("batch_size", 4096, minimum: 1);
        MaxHistoryIds = node.Int64("max_history_ids", 250_000, minimum: 0);
        Epochs = node.Int32("epochs", 1, minimum: 1);
        Seed = node.Int32("seed", 2026, minimum: 0);
        Device = node.String("device", "auto");
        HostTables = node.Strings("host_tables");
        CacheLoadFactor = node.Double("cache_load_factor", 0.2, minimum: 0, maximum: 1);
        Precision = node.Choice("precision", "fp32", "fp32", "bf16");
        MaxSteps = node.Int64("max_steps", 0, minimum: 0);
        CheckpointEverySteps = node.Int64("checkpoint_every_steps", 0, minimum: 0);
        KeepCheckpoints = node.Int32("keep_checkpoints", 3, minimum: 1);

        var stopping = node.Section("early_stopping");
        Metric = stopping.Choice("metric", "auc", "auc", "gauc", "logloss");
        Patience = stopping.Int32("patience", 2, minimum: 1);
    }

    /// <summary>Samples per step.</summary>
    /// <value>4096 by default.</value>
    public int BatchSize { get; }

    /// <summary>
    /// Most ids of histories that the dense part computes with at once; 0 means no limit. A batch that has more is computed in parts, whose
    /// gradients are added up before the step: the same step in less memory. What is a mean over other things than samples is then one over a part:
    /// the statistics of Dice, the auxiliary loss of DIEN, the known labels of a task.
    /// </summary>
    /// <value>250 000 by default.</value>
    public long MaxHistoryIds { get; }

    /// <summary>Passes over the training split, unless stopped early.</summary>
    /// <value>1 by default.</value>
    public int Epochs { get; }

    /// <summary>Seed of initial values, order of samples and dropout.</summary>
    /// <value>2026 by default.</value>
    public int Seed { get; }

    /// <summary><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>auto</c>.</summary>
    /// <value><c>auto</c> by default: the first GPU if libtorch has one.</value>
    public string Device { get; }

    /// <summary>The device that <see cref="Device"/> names, whether it is there or not.</summary>
    /// <exception cref="ConfigException">There is none of this name.</exception>
    public Device ParseDevice()
    {
        try
        {
            return Torch.Device.Parse(Device);
        }
        catch (ArgumentException e)
        {
            throw Error(e.Message);
        }
    }

    /// <summary>The device that <see cref="Device"/> names; of several GPUs, when it names none by its number, that of this process among those of its machine.</summary>
    /// <exception cref="ConfigException">There is none of this name, or this machine or libtorch has not got it.</exception>
    public Device FindDevice()
    {
        var device = ParseDevice();
        int count = torch.cuda_device_count();
        if (!IsThere(device))
            throw Error($"there is no device '{Device}': libtorch {RuntimeSetup.Report().LibtorchVersion} sees {(count == 0 ? "no GPU" : $"GPUs 0 … {count - 1}")}; valid here: cpu, auto");
        return device is { Type: DeviceType.CUDA, Index: < 0 } ? device with { Index = ProcessGroupOptions.LocalRank % count } : device;
    }

    /// <summary>The device that <see cref="Device"/> names if it is there, else the processor: what is trained on a GPU is served anywhere.</summary>
    public Device FindDeviceOrCpu() => ParseDevice() is var device && IsThere(device) ? device : torch.CPU;

    /// <summary>Tables whose rows stay in the memory of the host when the others are on a GPU: names, or beginnings of names with <c>*</c> behind them.</summary>
    /// <value>Empty by default: all are on the GPU.</value>
    public IReadOnlyList<string> HostTables { get; }

    /// <summary>Share of the rows of each of the <see cref="HostTables"/> that the GPU caches, 1024 at least, with the state of their optimiser; 0 for no cache.</summary>
    /// <value>0.2 by default.</value>
    public double CacheLoadFactor { get; }

    /// <summary>An error about <see cref="Device"/>.</summary>
    /// <param name="message">What is wrong and what is valid.</param>
    internal ConfigException Error(string message) => _node.Error("device", message);

    /// <summary>Precision of the linear layers' products: <c>fp32</c> or <c>bf16</c> (weights stay fp32).</summary>
    /// <value><c>fp32</c> by default.</value>
    public string Precision { get; }

    /// <summary>Stops after this many steps; 0 means no limit.</summary>
    /// <value>0 by default.</value>
    public long MaxSteps { get; }

    /// <summary>A checkpoint every so many steps, besides the one after each epoch; 0 means after epochs only.</summary>
    /// <value>0 by default.</value>
    public long CheckpointEverySteps { get; }

    /// <summary>Number of newest checkpoints kept; the best one is kept always.</summary>
    /// <value>3 by default.</value>
    public int KeepCheckpoints { get; }

    /// <summary>Validation metric that decides which epoch is best: <c>auc</c>, <c>gauc</c> or <c>logloss</c>.</summary>
    /// <value><c>auc</c> by default.</value>
    public string Metric { get; }

    /// <summary>Training ends after so many epochs in a row without a better validation metric.</summary>
    /// <value>2 by default.</value>
    public int Patience { get; }

    private static bool IsThere(Device device) => device.Type == DeviceType.CPU || Math.Max(0, device.Index) < torch.cuda_device_count();
}
