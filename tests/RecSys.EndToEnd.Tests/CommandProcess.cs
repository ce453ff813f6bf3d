using System.Diagnostics;

namespace RecSys.EndToEnd.Tests;

/// <summary>Runs a program as a user would: a process of its own, its two streams captured, its exit code kept.</summary>
internal static class CommandProcess
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(5);
    private static readonly string s_dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
    private static readonly string s_command = Path.Combine(AppContext.BaseDirectory, "recsys.dll");

    /// <summary>Runs the built <c>recsys</c> command.</summary>
    public static CommandResult RunRecSys(params string[] args) => Run(s_dotnet, [s_command, .. args]);

    /// <summary>Starts the built <c>recsys</c> command with both its streams to be read.</summary>
    public static Process StartRecSys(params string[] args) => StartRecSys(_ => { }, args);

    /// <summary>As <see cref="StartRecSys(string[])"/>, with more said about how to start it.</summary>
    public static Process StartRecSys(Action<ProcessStartInfo> configure, params string[] args)
    {
        var start = new ProcessStartInfo(s_dotnet, [s_command, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        configure(start);
        return Process.Start(start)!;
    }

    /// <summary>Starts the built <c>recsys</c> command and ends it with SIGKILL as soon as a condition holds.</summary>
    /// <returns>How it ended; as the command did where that was before.</returns>
    /// <exception cref="TimeoutException">The condition did not come true in time; the command was stopped.</exception>
    public static CommandResult KillRecSys(Func<bool> condition, TimeSpan timeLimit, params string[] args)
    {
        using Process process = StartRecSys(args);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        bool happened = SpinWait.SpinUntil(() => condition() || process.HasExited, timeLimit);
        process.Kill();
        process.WaitForExit();
        return happened ? new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult()) : throw new TimeoutException($"'recsys {string.Join(' ', args)}' did not get there within {timeLimit}.");
    }

    /// <summary>Runs a program.</summary>
    /// <param name="program">A path, or a name to be found in PATH.</param>
    /// <param name="args">Passed as they are, without a shell.</param>
    /// <param name="environment">The whole environment; null to inherit this process's.</param>
    /// <exception cref="TimeoutException">The program did not end in time; it was stopped with its children.</exception>
    public static CommandResult Run(string program, IReadOnlyList<string> args, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach ((string name, string value) in environment)
                start.Environment[name] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_timeLimit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program} {string.Join(' ', args)}' ran longer than {s_timeLimit}.");
        }

        return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
