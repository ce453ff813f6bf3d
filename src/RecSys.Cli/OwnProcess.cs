using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RecSys.Cli.Output;
using RecSys.Data;

namespace RecSys.Cli;

/// <summary>This program as another process, which ends with this one.</summary>
internal static class OwnProcess
{
    private const string HoldsInput = "RECSYS_ENDS_WITH_INPUT";
    private const string ErrorMark = "error: ";

    /// <summary>Threads of each of some processes that share this machine's cores.</summary>
    public static int ThreadsOf(int processes) => Math.Max(1, Environment.ProcessorCount / processes);

    /// <summary>How to start it. It reads nothing; its standard input has to stay open as long as it is wanted.</summary>
    /// <param name="args">Its command line.</param>
    /// <param name="threads">Threads of its kernels.</param>
    public static ProcessStartInfo Prepare(IReadOnlyList<string> args, int threads)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(OwnProcess).Assembly.Location, .. args]) { RedirectStandardInput = true };
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = threads.ToString("X", CultureInfo.InvariantCulture);
        start.Environment[HoldsInput] = "1";
        return start;
    }

    /// <summary>Runs a command with <c>--json</c> to its end.</summary>
    /// <param name="args">Its command line, without <c>--json</c>.</param>
    /// <param name="threads">Threads of its kernels.</param>
    /// <param name="about">What it is about, for messages.</param>
    /// <returns>The objects that it wrote; the last one is its result.</returns>
    /// <exception cref="DataException">It ended with exit code 2.</exception>
    /// <exception cref="InvalidOperationException">It failed otherwise.</exception>
    public static IReadOnlyList<JsonElement> Run(IReadOnlyList<string> args, int threads, string about)
    {
        var start = Prepare([.. args, "--json"], threads);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["DOTNET_TieredCompilation"] = "0"; // a command of seconds would spend a fifth of them on compiling again what it has compiled
        using var process = Process.Start(start) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        var error = process.StandardError.ReadToEndAsync();
        List<JsonElement> lines = [];
        while (process.StandardOutput.ReadLine() is { } line)
            lines.Add(JsonSerializer.Deserialize<JsonElement>(line, JsonLines.Options));
        process.WaitForExit();
        if (process.ExitCode == ExitCode.Success)
            return lines;
        string text = error.Result.Split('\n').FirstOrDefault(l => l.StartsWith(ErrorMark, StringComparison.Ordinal)) ?? error.Result.Trim();
        string message = $"{about}: {text.Replace(ErrorMark, "", StringComparison.Ordinal)}";
        throw process.ExitCode == ExitCode.BadInput ? new DataException(message) : new InvalidOperationException(message);
    }

    /// <summary>
    /// In a process that another one has started by this class: ends it when that one is gone, however it ended. Two processes that train into
    /// the same folder, one left behind and one that goes on from it, would spoil it.
    /// </summary>
    public static void EndWithParent()
    {
        if (Environment.GetEnvironmentVariable(HoldsInput) is null)
            return;
        var input = Console.OpenStandardInput();
        new Thread(() =>
        {
            while (input.ReadByte() >= 0)
            {
            }

            using var self = Process.GetCurrentProcess();
            self.Kill();
        })
        { IsBackground = true, Name = "parent" }.Start();
    }
}
