using System.Diagnostics;
using System.Text.Json;
using RecSys.Serving.Client;

namespace RecSys.Cli.Bench;

/// <summary><c>recsys serve</c> as a process of its own on this machine.</summary>
internal sealed class ServeProcess : IDisposable
{
    private readonly Process _process;
    private readonly Uri _url;

    /// <summary>Starts the server at a free port and waits until it listens.</summary>
    /// <param name="run">Folder of the run.</param>
    /// <param name="args">Further arguments.</param>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public ServeProcess(string run, params string[] args)
    {
        string[] all = [typeof(ServeProcess).Assembly.Location, "serve", run, "--urls", "http://127.0.0.1:0", "--json", .. args];
        _process = Process.Start(new ProcessStartInfo("dotnet", all) { RedirectStandardOutput = true }) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        string line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"'{string.Join(' ', all)}' ended before it listened.");
        _url = new Uri(JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!);
    }

    /// <summary>A client of its own.</summary>
    public RecSysClient Connect() => new(new RecSysClientOptions { Address = _url });

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
