using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RecSys.Serving.Tests.Http;

/// <summary>The paths of the OpenAPI document; its examples are sent by the tests of the command.</summary>
public sealed class OpenApiTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    [Fact]
    public async Task Paths_OfTheDocument_AreThoseOfTheServer()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        var described = await OperationsAsync(server);

        var mapped = server.Endpoints.Cast<RouteEndpoint>().SelectMany(e => e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText}"));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Select(o => o.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Keys_WhereTheDocumentWantsOne_AreWanted()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ApiKeys = ["right"] });

        foreach ((string name, var operation) in await OperationsAsync(server))
        {
            string[] parts = name.Split(' ');
            using var request = new HttpRequestMessage(HttpMethod.Parse(parts[0]), parts[1]);
            using var response = await server.Http.SendAsync(request);

            bool isOpen = operation.TryGetProperty("security", out var security) && security.GetArrayLength() == 0;
            Assert.Equal((name, isOpen), (name, response.StatusCode != HttpStatusCode.Unauthorized));
            Assert.Equal((name, isOpen), (name, !operation.GetProperty("responses").TryGetProperty("401", out _)));
        }
    }

    private static async Task<IReadOnlyList<(string Name, JsonElement Operation)>> OperationsAsync(TestServer server)
    {
        var paths = (await server.GetAsync("/openapi.json")).GetProperty("paths");
        return [.. paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Where(o => o.Name != "parameters").Select(o => ($"{o.Name.ToUpperInvariant()} {p.Name}", o.Value)))];
    }
}
