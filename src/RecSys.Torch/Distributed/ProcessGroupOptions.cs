using System.Globalization;

namespace RecSys.Torch.Distributed;

/// <summary>Where a process stands in a <see cref="ProcessGroup"/>, and how it finds the others.</summary>
public sealed class ProcessGroupOptions
{
    private const string RankName = "RANK";
    private const string WorldSizeName = "WORLD_SIZE";
    private const string AddressName = "MASTER_ADDR";
    private const string PortName = "MASTER_PORT";
    private const string LocalSizeName = "LOCAL_WORLD_SIZE";

    /// <summary>Number of this process, from 0 to <see cref="WorldSize"/> − 1; each is taken once.</summary>
    /// <value>The default is 0.</value>
    public int Rank { get; init; }

    /// <summary>Number of processes, at least 1; the same on every rank.</summary>
    /// <value>The default is 1.</value>
    public int WorldSize { get; init; } = 1;

    /// <summary>Name or address of the machine of rank 0; the same on every rank. Rank 0 listens on all interfaces.</summary>
    /// <value>The default is 127.0.0.1: all ranks on one machine.</value>
    public string MasterAddress { get; init; } = "127.0.0.1";

    /// <summary>Port that rank 0 listens on, from 1 to 65535; the same on every rank.</summary>
    /// <value>The default is 29500, that of PyTorch.</value>
    public int MasterPort { get; init; } = 29500;

    /// <summary>How long <see cref="ProcessGroup.Create"/> waits for all ranks, and how long a call waits for a silent peer: 1 ms to 24 days.</summary>
    /// <value>The default is 5 minutes.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What carries the numbers; the same on every rank.</summary>
    /// <value>The default is <see cref="ProcessGroupBackend.Gloo"/>.</value>
    public ProcessGroupBackend Backend { get; init; } = ProcessGroupBackend.Gloo;

    /// <summary>The GPU of this rank, with its number, for <see cref="ProcessGroupBackend.Nccl"/>.</summary>
    /// <value>The default is the processor.</value>
    public Device Device { get; init; } = Device.CPU;

    /// <summary>Number of this process among those of this machine: LOCAL_RANK of <c>torchrun</c> and other launchers, 0 where it is not set.</summary>
    /// <exception cref="ArgumentException">It is not a number.</exception>
    public static int LocalRank => OptionalNumber("LOCAL_RANK", Environment.GetEnvironmentVariable, 0, 0);

    /// <summary>
    /// Reads RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, the variables of <c>torchrun</c> and other launchers; everything else is at
    /// its default. Null when none of them is set: this process works alone.
    /// </summary>
    /// <param name="device">Where this process computes. The backend is NCCL where that is a GPU, libtorch has NCCL, and this machine has a
    /// GPU for each of its LOCAL_WORLD_SIZE processes; else it is Gloo.</param>
    /// <exception cref="ArgumentException">Some are set and others are not, or a value is not valid; the message names the variable.</exception>
    public static ProcessGroupOptions? FromEnvironment(Device device) => FromEnvironment(
        Environment.GetEnvironmentVariable, device, device.Type == DeviceType.CUDA && ProcessGroup.IsAvailable(ProcessGroupBackend.Nccl) ? torch.cuda_device_count() : 0);

    internal static ProcessGroupOptions? FromEnvironment(Func<string, string?> read, Device device, int gpuCount)
    {
        string[] names = [RankName, WorldSizeName, AddressName, PortName];
        string[] missing = [.. names.Where(name => string.IsNullOrEmpty(read(name)))];
        if (missing.Length == names.Length)
            return null;
        if (missing.Length > 0)
        {
            throw new ArgumentException(
                $"{string.Join(", ", missing)}: not set, but {string.Join(", ", names.Except(missing))} is; valid: all of {string.Join(", ", names)}, or none");
        }

        int worldSize = Number(WorldSizeName, read, 1, int.MaxValue);
        return new ProcessGroupOptions
        {
            WorldSize = worldSize,
            Rank = Number(RankName, read, 0, worldSize - 1),
            MasterAddress = read(AddressName)!.Trim(),
            MasterPort = Number(PortName, read, 1, ushort.MaxValue),
            Backend = OptionalNumber(LocalSizeName, read, 1, 1) <= gpuCount ? ProcessGroupBackend.Nccl : ProcessGroupBackend.Gloo,
            Device = device,
        };
    }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(WorldSize, 1);
        if (Rank < 0 || Rank >= WorldSize)
            throw new ArgumentOutOfRangeException(nameof(Rank), Rank, $"Valid with a world size of {WorldSize}: 0 to {WorldSize - 1}.");
        ArgumentException.ThrowIfNullOrWhiteSpace(MasterAddress);
        if (MasterPort is < 1 or > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(MasterPort), MasterPort, $"Valid: 1 to {ushort.MaxValue}.");

        // The C library counts milliseconds in 31 bits at some places.
        if (Timeout.TotalMilliseconds is < 1 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(Timeout), Timeout, "Valid: 1 ms to 24 days.");
        if (!Enum.IsDefined(Backend))
            throw new ArgumentOutOfRangeException(nameof(Backend), Backend, $"Valid: {string.Join(", ", Enum.GetNames<ProcessGroupBackend>())}.");
        if (Backend == ProcessGroupBackend.Nccl && (Device.Type != DeviceType.CUDA || Device.Index < 0))
            throw new ArgumentOutOfRangeException(nameof(Device), Device, "Valid with NCCL: a GPU with its number, cuda:N.");
    }

    private static int OptionalNumber(string name, Func<string, string?> read, int least, int otherwise)
        => string.IsNullOrEmpty(read(name)) ? otherwise : Number(name, read, least, int.MaxValue);

    private static int Number(string name, Func<string, string?> read, int least, int most)
    {
        string text = read(name)!;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
            return number;
        string range = most == int.MaxValue ? $"at least {least}" : $"{least} to {most}";
        string why = name == RankName ? $" ({WorldSizeName} is {read(WorldSizeName)})" : "";
        throw new ArgumentException($"{name} is '{text}'; valid: a whole number, {range}{why}");
    }
}
