using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Kernels;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench kernels</c>: look-ups and updates against what the memory allows.</summary>
internal static class BenchKernelsCommand
{
    private const string AllWidths = "all";
    private static readonly int[] s_widths = [512, 256, 128, 0];

    public static Command Create()
    {
        var rows = new Option<int>("--rows") { Description = "Rows of each table; all together should be many times the last-level cache.", DefaultValueFactory = _ => 1 << 23 };
        var dimension = new Option<int>("--dimension") { Description = "Numbers per row, even.", DefaultValueFactory = _ => 16 };
        var repetitions = new Option<int>("--repetitions") { Description = "Measurements of each kernel and its bound, in turn.", DefaultValueFactory = _ => 25 };
        var threads = new Option<int>("--threads") { Description = "Threads of the kernels and of the bounds.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var warmUp = new Option<int>("--warm-up") { Description = "Rounds on small tables before, so that the run-time has compiled all kernels.", DefaultValueFactory = _ => 6 };
        var width = new Option<string>("--width") { Description = "Register width in bits: all, 512, 256, 128 or 0 (one number at a time).", DefaultValueFactory = _ => AllWidths };
        width.AcceptOnlyFromAmong([AllWidths, .. s_widths.Select(Text)]);
        AtLeast(rows, 2);
        AtLeast(dimension, 2);
        AtLeast(repetitions, 1);
        AtLeast(threads, 1);
        AtLeast(warmUp, 0);
        var json = CommonOptions.Json();
        var command = new Command("kernels", "Look-ups, updates and their parts against what the memory of this machine allows.") { rows, dimension, repetitions, threads, warmUp, width, json };
        command.SetAction(parsed =>
        {
            var options = new KernelBenchOptions(parsed.GetValue(rows), parsed.GetValue(dimension), parsed.GetValue(repetitions), parsed.GetValue(threads), parsed.GetValue(warmUp));
            Check(options);
            int[] widths = parsed.GetValue(width) == AllWidths ? s_widths : [int.Parse(parsed.GetValue(width)!, CultureInfo.InvariantCulture)];
            var output = parsed.InvocationConfiguration.Output;
            return parsed.GetValue(json) ? RunJson(options, widths, new JsonLines(output)) : RunTable(options, widths, output);
        });
        return command;
    }

    private static void Check(KernelBenchOptions options)
    {
        if (options.Dimension % 2 != 0)
            throw new ConfigException($"--dimension is {options.Dimension}; valid: an even number (a method cuts rows into halves)");

        // Memory is handed to the bounds as spans; Adam's state, twice as large as its rows, is the largest block.
        long numbers = (long)options.Rows * options.Dimension;
        if (numbers > int.MaxValue / 2)
            throw new ConfigException($"--rows times --dimension is {numbers}; valid: at most {int.MaxValue / 2}");
        long needed = 3 * numbers * sizeof(float);
        long present = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > present / 2)
            throw new ConfigException($"--rows and --dimension make tables of {NumberFormat.Bytes(needed)}; valid: at most half of the memory, {NumberFormat.Bytes(present)}");
    }

    private static int RunJson(KernelBenchOptions options, int[] widths, JsonLines lines)
    {
        List<KernelMeasurement> all = [];
        var memory = Measure(options, widths, bits => lines.Write("skipped", new { VectorBits = bits }), found =>
        {
            all.Add(found);
            lines.Write(KernelMeasurement.Event, found);
        });
        if (memory is not null)
            lines.Write(MemorySpeed.Event, memory);
        lines.Write("result", new
        {
            options.Rows,
            options.Dimension,
            options.Repetitions,
            options.Threads,
            Kernels = all.Count,
            LowestRatio = all.Count > 0 ? all.Min(k => k.Ratio) : double.NaN,
            LowestRatioOf = all.MinBy(k => k.Ratio)?.Kernel,
        });
        return ExitCode.Success;
    }

    private static int RunTable(KernelBenchOptions options, int[] widths, TextWriter output)
    {
        List<int> skipped = [];
        var table = new MarkdownTable("kernel", "rows", "bits:", "M/s:", "GB/s:", "bound", "bound, M/s:", "ratio:");
        var memory = Measure(options, widths, skipped.Add, k => table.Add(
            k.Kernel, k.Rows, Text(k.VectorBits), Number(k.MillionPerSecond), Number(k.GigabytesPerSecond), k.Bound, Number(k.BoundMillionPerSecond), k.Ratio.ToString("0.00", CultureInfo.InvariantCulture)));
        output.Write(table.ToString());
        foreach (int bits in skipped)
            output.WriteLine(FormattableString.Invariant($"{bits} bits: skipped, this processor has {VectorWidth.HardwareBits}"));
        if (memory is not null)
        {
            string stores = memory.StreamingStores ? "streaming stores" : "plain stores";
            output.WriteLine(FormattableString.Invariant($"""
                memory, {memory.Threads} threads: copy {memory.CopyGigabytesPerSecond:0.0} GB/s read and written ({stores}); random reads {memory.LineMillionPerSecond:0.0} M lines/s of 64 bytes, {memory.RowMillionPerSecond:0.0} M rows/s of {options.Dimension * sizeof(float)} bytes; random updates {memory.UpdateMillionPerSecond:0.0} M rows/s; rows ahead {memory.PrefetchDistance} and {memory.UpdatePrefetchDistance}
                """));
        }

        return ExitCode.Success;

        static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
    }

    // The speed of the memory is that found with the widest registers; null when all widths are skipped.
    private static MemorySpeed? Measure(KernelBenchOptions options, int[] widths, Action<int> skip, Action<KernelMeasurement> report)
    {
        MemorySpeed? memory = null;
        foreach (int bits in widths)
        {
            if (bits > VectorWidth.HardwareBits)
            {
                skip(bits);
                continue;
            }

            var speed = bits == VectorWidth.Bits ? KernelBench.Run(options, report) : KernelProcess.Run(options, bits, report);
            memory ??= speed;
        }

        return memory;
    }

    private static void AtLeast(Option<int> option, int smallest) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < smallest)
            result.AddError($"{option.Name} is {result.GetValueOrDefault<int>()}; valid: at least {smallest}");
    });

    private static string Text(int bits) => bits.ToString(CultureInfo.InvariantCulture);
}
