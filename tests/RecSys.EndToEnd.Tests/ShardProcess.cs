using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys cluster serve-shard</c> as a process, which can be killed and started again at the same address.</summary>
internal sealed class ShardProcess : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(1);
    private readonly string[] _args;
    private Process _process;

    public ShardProcess(string name, string folder, string durability)
        : this(name, ["--data", folder, "--durability", durability])
    {
    }

    public ShardProcess(string name, string[] args)
    {
        Name = name;
        _args = ["cluster", "serve-shard", "--name", name, "--url", $"http://127.0.0.1:{FreePort()}", "--json", .. args];
        _process = Start();
    }

    public string Name { get; }

    public Uri Url { get; private set; } = null!;

    public bool HasExited => _process.HasExited;

    /// <summary>Bytes of memory that the process has now.</summary>
    public long ResidentBytes => StatusOf("VmRSS:");

    /// <summary>Most bytes of memory that it ever had.</summary>
    public long PeakResidentBytes => StatusOf("VmHWM:");

    /// <summary>Ends the process with SIGKILL and starts it again.</summary>
    /// <returns>How long it took until the node listened.</returns>
    public TimeSpan KillAndRestart()
    {
        var killed = _process;
        killed.Kill();
        killed.WaitForExit();
        long started = Stopwatch.GetTimestamp();
        _process = Start();
        killed.Dispose();
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Sends a signal, such as STOP or CONT.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private long StatusOf(string field)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Integer, CultureInfo.InvariantCulture);
    }

    private Process Start()
    {
        var process = CommandProcess.StartRecSys(_args);
        var errors = new ConcurrentQueue<string?>();
        process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data);
        process.BeginErrorReadLine();
        try
        {
            using var limit = new CancellationTokenSource(s_timeLimit);
            string line = process.StandardOutput.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult() ?? throw new InvalidOperationException("It has ended.");
            Url = new Uri(JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!);
            return process;
        }
        catch (Exception e)
        {
            process.Kill();
            process.WaitForExit();
            throw new InvalidOperationException($"'{string.Join(' ', _args)}' does not listen after {s_timeLimit}; exit code {process.ExitCode}: {string.Join(' ', errors)}", e);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
