using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Http;

public sealed class ShardServerTests
{
    [Theory]
    [InlineData(ShardProtocol.Http2)]
    [InlineData(ShardProtocol.Http1)]
    public async Task Tls_SelfSignedAndKeys_ServesWhoTrustsAndHasAKey(ShardProtocol protocol)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-tls-").FullName;
        using var certificate = SelfSigned();
        using var other = SelfSigned();
        using var node = new ShardNode("node");
        await using var server = await ShardServer.StartAsync(node, Secured(folder, certificate) with { Protocol = protocol, ApiKeys = ["one", "two"] });
        var model = TestModels.Create();
        using var valid = Client("two", certificate);
        var store = await ShardedRowStore.OpenAsync(model, [valid]);
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        var expected = TestModels.Batches(model, new Random(1));
        var actual = TestModels.Batches(model, new Random(1));
        single.Apply(expected);
        store.Apply(actual);
        single.Gather(expected);
        store.Gather(actual);
        Assert.All(expected.Zip(actual), b => Assert.Equal(b.First.Values, b.Second.Values));

        foreach (string? key in new[] { "three", "on", "", null })
        {
            using var stranger = Client(key, certificate);
            var error = await Assert.ThrowsAsync<ShardException>(() => stranger.CreateAsync(model, [0], 1, default));
            Assert.Contains("(401)", error.Message, StringComparison.Ordinal);
            Assert.Contains("Authorization: Bearer KEY", error.Message, StringComparison.Ordinal);
        }

        // Neither a server that is not known nor one with the certificate of another is talked to.
        foreach (X509Certificate2[] trusted in new[] { [], new[] { other } })
        {
            using var careful = Client("two", trusted);
            await Assert.ThrowsAsync<IOException>(() => careful.CreateAsync(model, [0], 1, default));
        }

        Directory.Delete(folder, recursive: true);

        HttpShardNode Client(string? key, params X509Certificate2[] trusted)
            => new("node", server.Url, new HttpShardNodeOptions { ApiKey = key, Protocol = protocol, TrustedCertificates = trusted });
    }

    // A request whose body stops coming is given up, so that it does not keep its place for ever.
    [Theory]
    [InlineData("2.0", ShardProtocol.Http2)]
    [InlineData("1.1", ShardProtocol.Http1)]
    public async Task Body_ThatStopsComing_IsGivenUp(string version, ShardProtocol protocol)
    {
        using var node = new ShardNode("node");
        await using var server = await ShardServer.StartAsync(node, new ShardServerOptions { Name = "node", Url = "http://127.0.0.1:0", Protocol = protocol, MaxConcurrentRequests = 1 });
        using var healthy = new HttpShardNode("node", server.Url, new HttpShardNodeOptions { Protocol = protocol });
        var model = TestModels.Create();
        var store = await ShardedRowStore.OpenAsync(model, [healthy]);
        using var http = new HttpClient { BaseAddress = server.Url };
        using var stop = new CancellationTokenSource();
        using var message = new HttpRequestMessage(HttpMethod.Post, "/models/model/write") { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StalledContent(stop.Token) };
        var stalled = Record.ExceptionAsync(async () =>
        {
            using var response = await http.SendAsync(message);
            Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
        });

        // It holds the only place there is, so this waits until it is given up.
        var batches = TestModels.Batches(model, new Random(1));
        await Task.Run(() => store.Gather(batches)).WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await stalled;
    }

    private static ShardServerOptions Secured(string folder, X509Certificate2 certificate)
    {
        string certificateFile = Path.Combine(folder, "certificate.pem");
        string keyFile = Path.Combine(folder, "key.pem");
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return new ShardServerOptions { Name = "node", Url = "https://127.0.0.1:0", Certificate = certificateFile, CertificateKey = keyFile };
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>Some bytes, and then nothing more.</summary>
    private sealed class StalledContent(CancellationToken stop) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[100]);
            await stream.FlushAsync();
            await Task.Delay(Timeout.Infinite, stop);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 10_000;
            return true;
        }
    }
}
