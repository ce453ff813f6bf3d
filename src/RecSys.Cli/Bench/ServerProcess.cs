using System.Diagnostics;
using System.Text.Json;

namespace RecSys.Cli.Bench;

/// <summary>A verb of this command that listens, as a process of its own on this machine.</summary>
internal abstract class ServerProcess : IDisposable
{
    /// <summary>An address with a free port.</summary>
    protected const string AnyPort = "http://127.0.0.1:0";

    private readonly Process _process;

    /// <summary>Starts the server and waits until it listens.</summary>
    /// <param name="args">The verb and its arguments.</param>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    protected ServerProcess(params string[] args)
    {
        string[] all = [typeof(ServerProcess).Assembly.Location, .. args, "--json"];
        _process = Process.Start(new ProcessStartInfo("dotnet", all) { RedirectStandardOutput = true }) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        string line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"'{string.Join(' ', all)}' ended before it listened.");
        Url = new Uri(JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!);
    }

    /// <summary>Where it listens.</summary>
    protected Uri Url { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
