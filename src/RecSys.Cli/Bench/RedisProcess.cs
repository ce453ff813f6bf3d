using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RecSys.Cli.Bench;

/// <summary>A Redis server of the benchmark's own: in memory only, at a free port and a Unix socket.</summary>
internal sealed class RedisProcess : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    private RedisProcess(Process process, int port, string socket)
    {
        _process = process;
        Tcp = new IPEndPoint(IPAddress.Loopback, port);
        Unix = new UnixDomainSocketEndPoint(socket);
    }

    /// <summary>Where it listens over TCP.</summary>
    public EndPoint Tcp { get; }

    /// <summary>Where it listens without TCP.</summary>
    public EndPoint Unix { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="folder">Folder for its socket.</param>
    /// <returns>Null when there is no <c>redis-server</c> on this machine.</returns>
    /// <exception cref="InvalidOperationException">It does not listen in time.</exception>
    public static RedisProcess? Start(string folder)
    {
        int port = FreePort();
        string socket = Path.Combine(folder, "redis.sock");
        string[] args = ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "warning"];
        RedisProcess redis;
        try
        {
            // What it has to say would get among the lines of --json.
            var process = Process.Start(new ProcessStartInfo("redis-server", args) { RedirectStandardOutput = true })!;
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            redis = new RedisProcess(process, port, socket);
        }
        catch (Win32Exception)
        {
            return null;
        }

        try
        {
            redis.WaitUntilReady();
            return redis;
        }
        catch
        {
            redis.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void WaitUntilReady()
    {
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < s_timeLimit; Thread.Sleep(20))
        {
            try
            {
                new RedisRows(Tcp, 1).Dispose();
                new RedisRows(Unix, 1).Dispose();
                return;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        throw new InvalidOperationException($"redis-server did not listen at {Tcp} within {s_timeLimit}.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
