using System.Net;
using System.Net.Sockets;
using System.Text;
using RecSys.Serving.Client;

namespace RecSys.Serving.Tests.Http;

/// <summary>The second address, which speaks HTTP/2 without TLS: all that holds for the first holds for it.</summary>
public sealed class CleartextHttp2Tests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private static readonly ScoreRequest s_score = new() { Samples = [new Dictionary<string, object?> { ["item"] = "i3" }, new Dictionary<string, object?>()] };

    private ServingOptions Options => TestServer.Options(runs.Folder) with { Http2Url = "http://127.0.0.1:0" };

    [Fact]
    public async Task Client_OfHttp2_GetsTheSame()
    {
        await using var server = await TestServer.StartAsync(Options);
        using var client = Connect(server);
        var ids = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1, 2, 0) } };
        var values = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfValues("i3", null) } };

        foreach (var request in new[] { ids, values })
        {
            var (expected, actual) = (await server.Client.LookupAsync(request), await client.LookupAsync(request));
            Assert.Equal(expected.ModelVersion, actual.ModelVersion);
            Assert.Equal(expected.Features["item"].Vectors.Select(v => v.ToArray()), actual.Features["item"].Vectors.Select(v => v.ToArray()));
            Assert.Equal(expected.Features["item"].Statuses, actual.Features["item"].Statuses);
        }

        Assert.Equal((await server.Client.ScoreAsync(s_score)).Scores, (await client.ScoreAsync(s_score)).Scores);
        Assert.True(await client.IsReadyAsync());
    }

    // More than a connection has streams for.
    [Fact]
    public async Task Client_OfHttp2_ManyRequestsAtOnce_AreAllAnswered()
    {
        await using var server = await TestServer.StartAsync(Options with { MaxQueuedRequests = 1000 });
        using var client = Connect(server);

        var replies = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => client.ScoreAsync(s_score)));

        Assert.All(replies, r => Assert.Equal(2, r.Scores.Count));
    }

    [Fact]
    public async Task Request_OfHttp2_IsSentWithPriorKnowledge()
    {
        await using var server = await TestServer.StartAsync(Options);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Http2Url!, "/v1/models")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpVersion.Version20, response.Version);
    }

    [Fact]
    public async Task Request_OfHttp1_IsRefusedAndTheOthersGoOn()
    {
        await using var server = await TestServer.StartAsync(Options);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Http2Url!.Host, server.Http2Url.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"));

        string reply = await new StreamReader(tcp.GetStream()).ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
        Assert.Contains("HTTP/2 only endpoint", reply, StringComparison.Ordinal);
        using var client = Connect(server);
        Assert.True(await client.IsReadyAsync());
    }

    [Fact]
    public async Task Request_WithoutTheKey_IsRefused()
    {
        await using var server = await TestServer.StartAsync(Options with { ApiKeys = ["right"] });
        using var wrong = Connect(server, "wrong");
        using var right = Connect(server, "right");

        Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<ServingException>(() => wrong.ScoreAsync(s_score))).Status);
        Assert.Equal(2, (await right.ScoreAsync(s_score)).Scores.Count);
    }

    [Fact]
    public async Task Request_TooLarge_IsRefused()
    {
        await using var server = await TestServer.StartAsync(Options with { MaxRequestBytes = 5000 });
        using var client = Connect(server);
        var large = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(new long[1000]) } };

        var error = await Assert.ThrowsAsync<ServingException>(() => client.LookupAsync(large));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, error.Status);
        Assert.Contains("at most 5000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_AreCountedForEachAddress()
    {
        await using var server = await TestServer.StartAsync(Options with { MaxConnections = 1 });
        using var client = Connect(server);

        // Both keep their connection.
        Assert.True(await server.Client.IsReadyAsync());
        Assert.True(await client.IsReadyAsync());

        foreach (var url in new[] { server.Url, server.Http2Url! })
        {
            using var more = new TcpClient();
            await more.ConnectAsync(url.Host, url.Port);
            Assert.Equal(0, await more.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public async Task Address_NotSet_IsNotListenedAt()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        Assert.Null(server.Http2Url);
    }

    private static RecSysClient Connect(TestServer server, string? key = null)
        => new(new RecSysClientOptions { Address = server.Http2Url!, Http2 = true, ApiKey = key });
}
