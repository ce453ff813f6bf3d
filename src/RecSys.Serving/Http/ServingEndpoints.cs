using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Serving.Monitoring;
using RecSys.Serving.Requests;

namespace RecSys.Serving.Http;

/// <summary>The paths of the server, but for those of <see cref="InferenceEndpoints"/>.</summary>
/// <param name="models">The models.</param>
/// <param name="options">Settings.</param>
/// <param name="metrics">What is measured.</param>
/// <param name="gate">Lets requests in.</param>
/// <param name="score">Scores samples.</param>
internal sealed class ServingEndpoints(ModelRepository models, ServingOptions options, ServingMetrics metrics, RequestGate gate, ScoreHandler score)
{
    /// <summary>What can be asked for.</summary>
    public const string ValidPaths = "POST of /v1/lookup, /v1/score, /v1/neighbors, GET of /v1/models, /v2/health/live, /v2/health/ready, /v2/models/MODEL, POST of /v2/models/MODEL/infer, /v2/repository/models/MODEL/load and …/unload, GET of /metrics, /openapi.json";

    /// <summary>Content type of most replies.</summary>
    public const string Json = "application/json; charset=utf-8";

    private readonly LookupHandler _lookup = new(models, options, metrics);

    /// <summary>Adds the paths.</summary>
    /// <param name="app">The server.</param>
    public void Map(IEndpointRouteBuilder app)
    {
        Post(app, "/v1/lookup", async (context, body) =>
        {
            bool isBinary = context.Request.ContentType == BinaryLookup.ContentType;
            var request = isBinary ? ReadBinary(body.Bytes) : Read<LookupRequest>(body.Bytes);
            using var place = await gate.EnterAsync(context.RequestAborted).ConfigureAwait(false);
            await _lookup.AnswerAsync(request, isBinary, context.Response).ConfigureAwait(false);
        });
        Post(app, "/v1/score", async (context, body) =>
        {
            var request = Read<ScoreRequest>(body.Bytes);
            using var place = await gate.EnterAsync(context.RequestAborted).ConfigureAwait(false);
            context.Response.ContentType = Json;
            await score.AnswerAsync(request, context.Response.BodyWriter, context.RequestAborted).ConfigureAwait(false);
        });
        Post(app, "/v1/neighbors", async (context, body) =>
        {
            var request = Read<NeighborsRequest>(body.Bytes);
            using var place = await gate.EnterAsync(context.RequestAborted).ConfigureAwait(false);
            using var lease = models.Hold(request.Model, request.Version);
            var reply = await Task.Run(() => NeighborSearch.Run(lease.Version, request, context.RequestAborted), context.RequestAborted).ConfigureAwait(false);
            await context.Response.WriteAsJsonAsync(reply, ServingJson.Options, context.RequestAborted).ConfigureAwait(false);
        });
        Get(app, "/v1/models", context => context.Response.WriteAsJsonAsync(models.Models.Select(ModelDescriptions.Of), ServingJson.Options, context.RequestAborted));
    }

    /// <summary>Adds a path whose requests have a body.</summary>
    public void Post(IEndpointRouteBuilder app, string path, Func<HttpContext, RequestBody, Task> answer)
        => app.MapPost(path, (HttpContext context) => MeasureAsync(context, path, async () =>
        {
            using var body = await gate.ReadAsync(context).ConfigureAwait(false);
            await answer(context, body).ConfigureAwait(false);
        }));

    /// <summary>Adds a path that is read.</summary>
    public void Get(IEndpointRouteBuilder app, string path, Func<HttpContext, Task> answer)
        => app.MapGet(path, (HttpContext context) => MeasureAsync(context, path, () => answer(context)));

    /// <summary>Reads the JSON of a request.</summary>
    /// <exception cref="BadHttpRequestException">It is not valid; the message says where.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json.Span, ServingJson.Options) ?? throw Refusal.Invalid("The request is null.");
        }
        catch (JsonException e)
        {
            string place = e.Path is null or "$" ? "The request" : e.Path.Replace("$.", "", StringComparison.Ordinal);
            throw Refusal.Invalid($"{place}: {Explain(e, typeof(T))}");
        }
    }

    // The serialiser speaks of .NET types, which are nothing to those who ask.
    private static string Explain(JsonException e, Type request)
    {
        string members = string.Join(", ", request.GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name)));
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"is not known; valid: {members}.";
        if (e.Message.Contains("could not be converted", StringComparison.Ordinal))
            return "has another type than is needed.";
        return e.Message.Contains("required", StringComparison.Ordinal) ? $"a member is missing; there are: {members}." : e.Message;
    }

    private static LookupRequest ReadBinary(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return BinaryLookup.ReadRequest(bytes.Span);
        }
        catch (FormatException e)
        {
            throw Refusal.Invalid($"The request: {e.Message}.");
        }
    }

    private async Task MeasureAsync(HttpContext context, string endpoint, Func<Task> answer)
    {
        long started = Stopwatch.GetTimestamp();
        int status = StatusCodes.Status500InternalServerError;
        try
        {
            await answer().ConfigureAwait(false);
            status = context.Response.StatusCode;
        }
        catch (BadHttpRequestException e)
        {
            status = e.StatusCode;
            if (status == StatusCodes.Status429TooManyRequests)
                context.Response.Headers.RetryAfter = "1";
            throw;
        }
        catch (IOException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Rows on nodes that cannot be reached.
            status = StatusCodes.Status503ServiceUnavailable;
            throw;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            status = StatusCodes.Status499ClientClosedRequest;
            throw;
        }
        finally
        {
            metrics.CountRequest(endpoint, status, Stopwatch.GetElapsedTime(started));
        }
    }
}
