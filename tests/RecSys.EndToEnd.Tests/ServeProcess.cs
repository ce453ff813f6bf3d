using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys serve</c> as a process, which can be killed and started again at the same address.</summary>
internal sealed class ServeProcess : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(1);
    private readonly string[] _args;
    private readonly ConcurrentQueue<string?> _log = [];
    private Process _process;

    public ServeProcess(string run, params string[] args)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        listener.Stop();
        _args = ["serve", run, "--urls", Url.ToString().TrimEnd('/'), "--json", .. args];
        _process = Start();
    }

    public Uri Url { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Bytes of memory that the process has now.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>What it has logged.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Ends the process with SIGKILL and starts it again.</summary>
    /// <returns>How long it took until it answered.</returns>
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

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
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
