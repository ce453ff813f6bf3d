using System.Net;
using System.Net.Sockets;
using RecSys.Serving.Client;

namespace RecSys.Serving.Tests.Http;

/// <summary>Look-ups that the calling thread waits for.</summary>
public sealed class BlockingClientTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private static readonly LookupRequest s_ids = new() { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1, 2, 0) } };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lookup_GetsWhatLookupAsyncGets(bool http2)
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { Http2Url = "http://127.0.0.1:0" });
        using var client = Connect(http2 ? server.Http2Url! : server.Url, http2);
        var values = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfValues("i3", null) } };

        // The second time the connection is there already.
        foreach (var request in new[] { s_ids, values, s_ids })
        {
            var (expected, actual) = (await client.LookupAsync(request), await OnThreadAsync(() => client.Lookup(request)));
            Assert.Equal(expected.ModelVersion, actual.ModelVersion);
            Assert.Equal(expected.Features["item"].Vectors.Select(v => v.ToArray()), actual.Features["item"].Vectors.Select(v => v.ToArray()));
            Assert.Equal(expected.Features["item"].Statuses, actual.Features["item"].Statuses);
        }
    }

    [Fact]
    public async Task Lookup_OfAnUnknownFeature_IsRefused()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder));
        using var client = Connect(server.Url);

        var error = await Assert.ThrowsAsync<ServingException>(
            () => OnThreadAsync(() => client.Lookup(new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["itme"] = FeatureIds.OfIds(1) } })));

        Assert.Equal(HttpStatusCode.BadRequest, error.Status);
        Assert.Contains("'item'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lookup_ServerThatStaysSilent_TimesOut()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = new RecSysClient(new RecSysClientOptions { Address = new Uri($"http://{silent.LocalEndpoint}"), Timeout = TimeSpan.FromMilliseconds(200) });

        await Assert.ThrowsAsync<TimeoutException>(() => OnThreadAsync(() => client.Lookup(s_ids)));
    }

    [Fact]
    public async Task Lookup_GivenUpWhileWaitingToRetry_Ends()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var address = new Uri($"http://{closed.LocalEndpoint}");
        closed.Stop();
        using var client = new RecSysClient(new RecSysClientOptions { Address = address, RetryDelay = TimeSpan.FromHours(1) });
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => OnThreadAsync(() => client.Lookup(s_ids, stop.Token)));
    }

    private static RecSysClient Connect(Uri address, bool http2 = false) => new(new RecSysClientOptions { Address = address, Http2 = http2 });

    private static Task<LookupReply> OnThreadAsync(Func<LookupReply> lookup) => Task.Factory.StartNew(lookup, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
