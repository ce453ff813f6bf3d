using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RecSys.Torch.Tests.Distributed;

/// <summary>A process that runs <see cref="RankProgram"/>.</summary>
internal sealed class RankProcess : IDisposable
{
    private const int LimitMs = 120_000;

    private readonly Process _process;
    private readonly Task<string> _errors;

    private RankProcess(string scenario, double timeoutSeconds, int rank, int worldSize, int port)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in new[] { "exec", typeof(RankProgram).Assembly.Location, scenario, Text(timeoutSeconds) })
            start.ArgumentList.Add(argument);
        start.Environment["RANK"] = Text(rank);
        start.Environment["WORLD_SIZE"] = Text(worldSize);
        start.Environment["MASTER_ADDR"] = "127.0.0.1";
        start.Environment["MASTER_PORT"] = Text(port);
        Rank = rank;
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public int Rank { get; }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts all ranks of a group.</summary>
    public static RankProcess[] StartAll(string scenario, int worldSize, double timeoutSeconds)
    {
        int port = FreePort();
        return [.. Enumerable.Range(0, worldSize).Select(rank => new RankProcess(scenario, timeoutSeconds, rank, worldSize, port))];
    }

    public string? ReadLine() => _process.StandardOutput.ReadLine();

    public void Kill() => _process.Kill();

    /// <summary>What is still to come on standard output, until the process ends, which must be a success.</summary>
    public string[] ReadToEnd()
    {
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        Assert.True(_process.WaitForExit(LimitMs), $"Rank {Rank} does not end.");
        _process.WaitForExit();
        Assert.True(_process.ExitCode == 0, $"Rank {Rank} ended with {_process.ExitCode}: {_errors.Result}");
        return output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
