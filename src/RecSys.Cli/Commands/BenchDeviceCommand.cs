using System.CommandLine;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data.Configuration;
using RecSys.Torch;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench device</c>: whether a device computes what the processor does, and how fast rows are on it.</summary>
internal static class BenchDeviceCommand
{
    public static Command Create()
    {
        var device = new Option<string>("--device") { Description = "cuda, cuda:N, or cpu, where the same kernels are compiled for the processor.", DefaultValueFactory = _ => "cuda" };
        var rows = CommonOptions.Count("--rows", "Rows of the table.", 4_000_000);
        var dimension = CommonOptions.Count("--dimension", "Numbers per row.", 128);
        var repetitions = CommonOptions.Count("--repetitions", "Measurements of each kernel.", 20);
        var json = CommonOptions.Json();
        var command = new Command("device", "Every method and sparse optimiser on a device and on the processor: losses and rows; then look-ups and updates against a copy of its memory.")
        {
            device, rows, dimension, repetitions, json,
        };
        command.SetAction(parsed =>
        {
            var options = new DeviceBenchOptions(Find(parsed.GetRequiredValue(device)), parsed.GetValue(rows), parsed.GetValue(dimension), parsed.GetValue(repetitions));
            var output = parsed.InvocationConfiguration.Output;
            var lines = parsed.GetValue(json) ? new JsonLines(output) : null;
            List<DeviceParityResult> parity = [];
            new DeviceParity(options.Device).Run(result =>
            {
                parity.Add(result);
                lines?.Write("parity", result);
            });
            List<DeviceMeasurement> kernels = [];
            var bench = new DeviceBench(options);
            bench.Run(result =>
            {
                kernels.Add(result);
                lines?.Write("kernel", result);
            });
            lines?.Write("result", new { Device = options.Device.ToString(), RuntimeSetup.Report().LibtorchVersion, options.Rows, options.Dimension, bench.CopyBytesPerSecond, IsSame = parity.All(p => p.IsSame) });
            if (lines is null)
                Write(output, options, parity, kernels, bench.CopyBytesPerSecond);
            return parity.All(p => p.IsSame) ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }

    private static Device Find(string name)
    {
        Device device;
        try
        {
            device = Device.Parse(name);
        }
        catch (ArgumentException e)
        {
            throw new ConfigException($"--device: {e.Message}");
        }

        return device.Type == DeviceType.CPU || Math.Max(0, device.Index) < torch.cuda_device_count()
            ? device
            : throw new ConfigException($"--device is {name}, but libtorch {RuntimeSetup.Report().LibtorchVersion} sees {torch.cuda_device_count()} GPUs; valid here: cpu");
    }

    private static void Write(TextWriter output, DeviceBenchOptions options, List<DeviceParityResult> parity, List<DeviceMeasurement> kernels, double copy)
    {
        foreach (var wrong in parity.Where(p => !p.IsSame))
            output.WriteLine(FormattableString.Invariant($"{wrong.Method} with {wrong.Optimizer} differs: losses by up to {wrong.LossDifference:0.0e0}, rows after one step by {wrong.RowDifference:0.0e0}"));
        output.WriteLine(FormattableString.Invariant($"""
            {parity.Count(p => p.IsSame)} of {parity.Count} methods with optimisers are as on the processor: losses of 100 steps within {parity.Max(p => p.LossDifference):0.0e0}, rows after one step within {parity.Max(p => p.RowDifference):0.0e0}

            {options.Rows} rows of {options.Dimension} numbers on {options.Device}; a copy moves {copy / 1e9:0} GB/s

            """));
        var table = new MarkdownTable("kernel", "precision", "rows", "million/s:", "GB/s:", "of a copy:");
        foreach (var k in kernels)
            table.Add(k.Kernel, k.Precision, k.Rows, FormattableString.Invariant($"{k.MillionPerSecond:0.#}"), FormattableString.Invariant($"{k.GigabytesPerSecond:0.#}"), FormattableString.Invariant($"{k.Ratio:0.00}"));
        output.Write(table.ToString());
    }
}
