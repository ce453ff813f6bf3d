using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RecSys.Serving.Client;

namespace RecSys.Serving.Tests.Http;

public sealed class GuardTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private const string Lookup = """{"features": {"item": [1]}}""";

    [Fact]
    public async Task Request_WithoutTheKey_IsRefused()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ApiKeys = ["right", "other"] });

        Assert.Equal(401, (await server.PostAsync("/v1/lookup", Lookup)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync(new Uri("/metrics", UriKind.Relative))).StatusCode);
        Assert.True(await server.Client.IsReadyAsync());
        using var wrong = new RecSysClient(new RecSysClientOptions { Address = server.Url, ApiKey = "wrong" });
        Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<ServingException>(() => wrong.ScoreAsync(new ScoreRequest()))).Status);
        using var right = new RecSysClient(new RecSysClientOptions { Address = server.Url, ApiKey = "right" });
        Assert.Single((await right.ScoreAsync(new ScoreRequest { Features = new Dictionary<string, object?>() })).Scores);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Tls_BothVersionsOfHttp_AreSpoken(string version)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-tls-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "certificate.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with
        {
            Url = "https://127.0.0.1:0",
            Certificate = Path.Combine(folder, "certificate.pem"),
            CertificateKey = Path.Combine(folder, "key.pem"),
        });
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString();
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, "/v1/lookup")) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StringContent(Lookup) };

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Version.Parse(version), response.Version);
        Directory.Delete(folder, recursive: true);
    }

    // With and without a length.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_TooLarge_IsRefused(bool saysLength)
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { MaxRequestBytes = 5000 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/lookup") { Content = new StringContent(new string(' ', 9000)) };
        request.Headers.TransferEncodingChunked = !saysLength;

        using var response = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("at most 5000", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(200, (await server.PostAsync("/v1/lookup", Lookup)).Status);
    }

    // Slow clients hold no place for work: with one place, the others are answered.
    [Fact]
    public async Task Request_ThatArrivesSlowly_KeepsNobodyWaiting()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { MaxConcurrentRequests = 1, MaxQueuedRequests = 0, RequestTimeout = TimeSpan.FromSeconds(1) });
        using var slow = new TcpClient();
        await slow.ConnectAsync(server.Url.Host, server.Url.Port);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/lookup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));

        Assert.Equal(200, (await server.PostAsync("/v1/lookup", Lookup)).Status);

        byte[] reply = new byte[12];
        await slow.GetStream().ReadExactlyAsync(reply);
        Assert.Equal("HTTP/1.1 408", Encoding.ASCII.GetString(reply));
    }

    [Fact]
    public async Task Requests_BeyondThePlaces_AreRefusedWith429()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { MaxConcurrentRequests = 1, MaxQueuedRequests = 1 });
        string body = $$"""{"features": {}, "samples": [{{string.Join(',', Enumerable.Repeat("{}", 20_000))}}]}""";

        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => server.PostAsync("/v1/score", body)));

        Assert.All(replies, r => Assert.Contains(r.Status, new[] { 200, 429 }));
        Assert.Contains(replies, r => r.Status == 200);
        Assert.Contains(replies, r => r.Status == 429);
        Assert.Contains("Too many requests", replies.First(r => r.Status == 429).Body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await server.PostAsync("/v1/lookup", Lookup)).Status);
    }

    [Fact]
    public async Task Client_ServerBusy_TriesAgain()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { MaxConcurrentRequests = 1, MaxQueuedRequests = 0 });
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url, Retries = 100 });

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.ScoreAsync(new ScoreRequest { Samples = [.. Enumerable.Repeat(new Dictionary<string, object?>(), 2000)] })));

        Assert.All(replies, r => Assert.Equal(2000, r.Scores.Count));
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/v1/../../etc/passwd")]
    [InlineData("/v2/models/..%2f..%2fetc%2fpasswd/infer")]
    [InlineData("/v1/lookup/x")]
    public async Task Request_OfNoSuchPath_Gets404(string path)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        var (status, body) = await server.PostAsync(path, Lookup);

        Assert.Equal(404, status);
        Assert.NotEmpty(body.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Metrics_AfterRequests_CountThem()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        await server.PostAsync("/v1/lookup", """{"features": {"item": [1, 2, 0]}}""");
        await server.PostAsync("/v1/lookup", """{"features": {"item": [-1]}}""");
        await server.PostAsync("/v1/score", """{"samples": [{}, {}]}""");

        string text = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Contains("embed_requests_total{endpoint=\"/v1/lookup\",code=\"200\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_requests_total{endpoint=\"/v1/lookup\",code=\"400\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_lookup_keys_total{model=\"tiny\",status=\"present\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_lookup_keys_total{model=\"tiny\",status=\"default\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_score_samples_total{model=\"tiny\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_request_duration_seconds_count{endpoint=\"/v1/lookup\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"embed_model_version_info{{model=\"tiny\",version=\"{runs.Best}\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("embed_table_bytes{model=\"tiny\",part=\"rows\"} ", text, StringComparison.Ordinal);
    }
}
