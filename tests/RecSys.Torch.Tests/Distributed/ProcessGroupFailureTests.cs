using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RecSys.Torch.Distributed;

namespace RecSys.Torch.Tests.Distributed;

/// <summary>Peers that end, hang or never come: an error in time, never a hang.</summary>
public sealed class ProcessGroupFailureTests
{
    private const double TimeoutSeconds = 60;

    // The machine may be busy; a hang is far longer.
    private const double SlackSeconds = 20;

    [Fact]
    public void AllReduce_PeerKilled_IsAnErrorOnTheOthers()
    {
        RankProcess[] ranks = RankProcess.StartAll("forever", worldSize: 3, TimeoutSeconds);
        try
        {
            Assert.All(ranks, rank => Assert.Equal("ready", rank.ReadLine()));
            ranks[2].Kill();
            foreach (RankProcess rank in ranks[..2])
                AssertFailed(rank);
        }
        finally
        {
            Dispose(ranks);
        }
    }

    // Nothing of a group is global: its ranks may be threads of one process.
    [Fact]
    public async Task AllReduce_PeerSilent_IsAnErrorAfterTheTimeout()
    {
        int port = RankProcess.FreePort();
        ProcessGroup[] groups = await Task.WhenAll(Enumerable.Range(0, 2).Select(rank => Task.Run(() => ProcessGroup.Create(Options(rank, 2, port)))));
        using Tensor tensor = torch.ones([1000]);
        long start = Stopwatch.GetTimestamp();
        string message = Assert.Throws<TorchException>(() => groups[0].AllReduce([tensor])).Message;
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 3.6, 4 + SlackSeconds);
        Assert.Contains("all_reduce: rank 0 of 2: a peer is gone, did something else or did not answer within 4 s", message, StringComparison.Ordinal);
        Assert.Contains("cannot be used after its error", Assert.Throws<TorchException>(groups[0].Barrier).Message, StringComparison.Ordinal);
        foreach (ProcessGroup group in groups)
            group.Dispose();
    }

    [Fact]
    public void Create_RankMissing_NamesItAfterTheTimeout()
    {
        int port = RankProcess.FreePort();
        string message = Fails(new ProcessGroupOptions { WorldSize = 3, MasterPort = port, Timeout = TimeSpan.FromSeconds(1) }, 1);
        Assert.Contains($"rank 0 of 3 waited 1 s at 127.0.0.1:{port}; missing: rank 1, 2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_NobodyAtTheAddress_NamesItAfterTheTimeout()
    {
        int port = RankProcess.FreePort();
        string message = Fails(new ProcessGroupOptions { Rank = 1, WorldSize = 2, MasterPort = port, Timeout = TimeSpan.FromSeconds(1) }, 0.5);
        Assert.Contains($"rank 1 of 2 does not reach rank 0 at 127.0.0.1:{port} (timeout 1 s)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_ServerThatNeverAnswers_IsAnErrorAfterTheTimeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string message = Fails(new ProcessGroupOptions { Rank = 1, WorldSize = 2, MasterPort = port, Timeout = TimeSpan.FromSeconds(1) }, 1);
        Assert.Contains($"rank 1 of 2: rank 0 at 127.0.0.1:{port} went away or stopped answering", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_PortInUse_SaysSo()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string message = Fails(new ProcessGroupOptions { WorldSize = 2, MasterPort = port, Timeout = TimeSpan.FromSeconds(5) }, 0);
        Assert.Contains($"rank 0 of 2 cannot serve the other ranks at 127.0.0.1:{port}", message, StringComparison.Ordinal);
        Assert.Contains("in use", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WorldSizesDiffer_SaysHow()
    {
        int port = RankProcess.FreePort();
        Task<string> first = Task.Run(() => Fails(Options(0, 2, port), 0));
        Assert.Contains("rank 1 was started with world size 3, backend gloo, but rank 0 with world size 2, backend gloo", Fails(Options(1, 3, port), 0), StringComparison.Ordinal);
        Assert.Contains("missing: rank 1", await first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_RankTakenTwice_SaysSo()
    {
        int port = RankProcess.FreePort();
        Task<string>[] ranks = [.. new[] { 0, 1, 1 }.Select(rank => Task.Run(() => Fails(Options(rank, 3, port), 0)))];
        string[] messages = await Task.WhenAll(ranks);
        Assert.Contains("missing: rank 2", messages[0], StringComparison.Ordinal);
        Assert.Single(messages, message => message.Contains($"rank 1 of 3: another process is this rank at 127.0.0.1:{port}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, 1000, "WorldSize")]
    [InlineData(2, 2, 1000, "Rank")]
    [InlineData(-1, 2, 1000, "Rank")]
    [InlineData(0, 1, 0, "MasterPort")]
    [InlineData(0, 1, 65536, "MasterPort")]
    public void Create_OptionNotValid_NamesIt(int rank, int worldSize, int port, string name)
    {
        var options = new ProcessGroupOptions { Rank = rank, WorldSize = worldSize, MasterPort = port };
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => ProcessGroup.Create(options)).ParamName);
    }

    [Fact]
    public void Dispose_GroupOfOne_RefusesFurtherCalls()
    {
        ProcessGroup group = ProcessGroup.Create(new ProcessGroupOptions { MasterPort = RankProcess.FreePort(), Timeout = TimeSpan.FromSeconds(30) });
        group.Barrier();
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Broadcast([], 1));
        group.Dispose();
        group.Dispose();
        Assert.Throws<ObjectDisposedException>(group.Barrier);
    }

    private static ProcessGroupOptions Options(int rank, int worldSize, int port)
        => new() { Rank = rank, WorldSize = worldSize, MasterPort = port, Timeout = TimeSpan.FromSeconds(4) };

    private static string Fails(ProcessGroupOptions options, double leastSeconds)
    {
        long start = Stopwatch.GetTimestamp();
        string message = Assert.Throws<TorchException>(() => ProcessGroup.Create(options)).Message;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Assert.True(seconds >= leastSeconds * 0.9 && seconds < options.Timeout.TotalSeconds + SlackSeconds, $"After {seconds} s: {message}");
        return message;
    }

    private static void AssertFailed(RankProcess rank)
    {
        string[] lines = rank.ReadToEnd();
        Assert.StartsWith("seconds ", lines[0], StringComparison.Ordinal);
        double seconds = double.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.InRange(seconds, 0, TimeoutSeconds + SlackSeconds);
        string text = string.Join('\n', lines);
        Assert.Contains($"error all_reduce: rank {rank.Rank} of ", text, StringComparison.Ordinal);
        Assert.Contains("a peer is gone", text, StringComparison.Ordinal);
        Assert.Contains("again barrier: this process group cannot be used after its error", text, StringComparison.Ordinal);
    }

    private static void Dispose(RankProcess[] ranks)
    {
        foreach (RankProcess rank in ranks)
            rank.Dispose();
    }
}
