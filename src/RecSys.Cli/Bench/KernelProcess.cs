using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RecSys.Embeddings.Kernels;

namespace RecSys.Cli.Bench;

/// <summary>The kernel benchmark at another register width: the width is a constant of a process, so another one needs its own.</summary>
internal static class KernelProcess
{
    private static readonly JsonSerializerOptions s_names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Runs the benchmark in a new process.</summary>
    /// <param name="options">Sizes.</param>
    /// <param name="bits">Register width.</param>
    /// <param name="report">Receives each result at once.</param>
    /// <returns>What the memory did in that process.</returns>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static MemorySpeed Run(KernelBenchOptions options, int bits, Action<KernelMeasurement> report)
    {
        string width = bits.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("dotnet", Arguments(options, width)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[VectorWidth.Variable] = width;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        var errors = process.StandardError.ReadToEndAsync();
        MemorySpeed? memory = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            var found = JsonDocument.Parse(line).RootElement;
            string? name = found.GetProperty("event").GetString();
            if (name == KernelMeasurement.Event)
                report(found.Deserialize<KernelMeasurement>(s_names)!);
            else if (name == MemorySpeed.Event)
                memory = found.Deserialize<MemorySpeed>(s_names);
        }

        process.WaitForExit();
        return process.ExitCode == 0 && memory is not null
            ? memory
            : throw new InvalidOperationException($"The measurement with {width} bits failed: {errors.Result.Trim()}");
    }

    private static string[] Arguments(KernelBenchOptions options, string width) =>
    [
        typeof(KernelProcess).Assembly.Location, "bench", "kernels", "--json", "--width", width,
        "--rows", options.Rows.ToString(CultureInfo.InvariantCulture),
        "--dimension", options.Dimension.ToString(CultureInfo.InvariantCulture),
        "--repetitions", options.Repetitions.ToString(CultureInfo.InvariantCulture),
        "--warm-up", options.WarmUpRounds.ToString(CultureInfo.InvariantCulture),
        "--threads", options.Threads.ToString(CultureInfo.InvariantCulture),
    ];
}
