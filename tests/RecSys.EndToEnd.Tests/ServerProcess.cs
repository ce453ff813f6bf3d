using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary>A command that listens, as a process that can be killed and started again at the same address.</summary>
internal abstract class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(1);
    private readonly string[] _args;
    private readonly ConcurrentQueue<string?> _log = [];
    private Process _process;

    /// <summary>Starts the command with <c>--json</c>.</summary>
    /// <param name="args">Arguments after which the address comes.</param>
    protected ServerProcess(params string[] args)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        }

        _args = [.. args, Url.ToString().TrimEnd('/'), "--json"];
        _process = Start();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to standard error.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Bytes of memory that the process has now.</summary>
    public long ResidentBytes => StatusOf("VmRSS:");

    /// <summary>Most bytes of memory that it ever had.</summary>
    public long PeakResidentBytes => StatusOf("VmHWM:");

    /// <summary>Ends the process with SIGKILL and starts it again.</summary>
    /// <returns>How long it took until it listened.</returns>
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
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data);
        process.BeginErrorReadLine();
        try
        {
            using var limit = new CancellationTokenSource(s_timeLimit);
            string line = process.StandardOutput.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult() ?? throw new InvalidOperationException("It has ended.");
            Assert.Equal(Url, new Uri(JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!));
            return process;
        }
        catch (Exception e)
        {
            process.Kill();
            process.WaitForExit();
            throw new InvalidOperationException($"'{string.Join(' ', _args)}' does not listen after {s_timeLimit}; exit code {process.ExitCode}: {Log}", e);
        }
    }
}
