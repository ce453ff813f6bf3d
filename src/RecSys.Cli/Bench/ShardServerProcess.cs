using System.Diagnostics;
using System.Text.Json;
using RecSys.Cluster.Http;

namespace RecSys.Cli.Bench;

/// <summary><c>recsys cluster serve-shard</c> as a process of its own on this machine.</summary>
internal sealed class ShardServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _name;
    private readonly Uri _url;

    /// <summary>Starts the server at a free port and waits until it listens.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="args">Further arguments.</param>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public ShardServerProcess(string name, params string[] args)
    {
        _name = name;
        string[] all = [typeof(ShardServerProcess).Assembly.Location, "cluster", "serve-shard", "--name", name, "--url", "http://127.0.0.1:0", "--json", .. args];
        _process = Process.Start(new ProcessStartInfo("dotnet", all) { RedirectStandardOutput = true }) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        string line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"'{string.Join(' ', all)}' ended before it listened.");
        _url = new Uri(JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!);
    }

    /// <summary>A client of its own.</summary>
    /// <param name="protocol">What the server speaks.</param>
    public HttpShardNode Connect(ShardProtocol protocol = ShardProtocol.Http2) => new(_name, _url, new HttpShardNodeOptions { Protocol = protocol });

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
