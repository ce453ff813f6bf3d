using System.Net;
using System.Net.Sockets;
using RecSys.Torch.Distributed;

namespace RecSys.Training.Tests.Rows;

/// <summary>Processes of a group, which are threads with connections here.</summary>
internal static class Ranks
{
    public static T[] Run<T>(int size, Func<ProcessGroup, T> use)
    {
        int port = FreePort();
        var ranks = Enumerable.Range(0, size).Select(rank => Task.Factory.StartNew(() => One(rank), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return Task.WhenAll(ranks).GetAwaiter().GetResult();

        T One(int rank)
        {
            using var group = ProcessGroup.Create(new ProcessGroupOptions { Rank = rank, WorldSize = size, MasterAddress = "127.0.0.1", MasterPort = port, Timeout = TimeSpan.FromSeconds(60) });
            T result = use(group);
            group.Barrier();
            return result;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
