using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RecSys.Data;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Serving.Requests;
using RecSys.Training.Checkpoints;

namespace RecSys.Serving.Http;

/// <summary>The open inference protocol (KServe, Triton), version 2, with its repository and binary tensors.</summary>
/// <param name="models">The models.</param>
/// <param name="options">Settings.</param>
/// <param name="gate">Lets requests in.</param>
/// <param name="score">Scores samples.</param>
internal sealed class InferenceEndpoints(ModelRepository models, ServingOptions options, RequestGate gate, ScoreHandler score)
{
    private static readonly string[] s_extensions = ["model_repository", "binary_tensor_data"];
    private const string HeaderLength = "Inference-Header-Content-Length";

    private readonly InferHandler _infer = new(models, options, score);

    /// <summary>Adds the paths.</summary>
    /// <param name="app">The server.</param>
    /// <param name="endpoints">Measures and reads requests.</param>
    public void Map(IEndpointRouteBuilder app, ServingEndpoints endpoints)
    {
        app.MapGet("/v2/health/live", (HttpContext context) => Task.CompletedTask);
        app.MapGet("/v2/health/ready", (HttpContext context) => Ready(context, models.Models.All(m => m.Current is not null)));
        endpoints.Get(app, "/v2", context => Write(context, new { name = "recsys", version = typeof(InferenceEndpoints).Assembly.GetName().Version?.ToString(3), extensions = s_extensions }));
        foreach (string path in new[] { "/v2/models/{model}", "/v2/models/{model}/versions/{version}" })
        {
            endpoints.Get(app, path, DescribeAsync);
            endpoints.Get(app, path + "/ready", context =>
            {
                using var lease = models.Hold(Route(context, "model"), Route(context, "version"));
                return Task.CompletedTask;
            });
            endpoints.Post(app, path + "/infer", InferAsync);
        }

        endpoints.Post(app, "/v2/repository/index", (context, _) => Write(context, models.Models.SelectMany(m => m.Versions.Select(v => new { name = m.Name, version = v.Version, state = "READY" }))));
        endpoints.Post(app, "/v2/repository/models/{model}/load", LoadAsync);
        endpoints.Post(app, "/v2/repository/models/{model}/unload", (context, _) => models.Find(Route(context, "model")).UnloadAsync());
    }

    private static Task Ready(HttpContext context, bool isReady)
    {
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }

    private static string? Route(HttpContext context, string name) => (string?)context.GetRouteValue(name);

    private static Task Write<T>(HttpContext context, T reply) => context.Response.WriteAsJsonAsync(reply, ServingJson.Options, context.RequestAborted);

    private Task DescribeAsync(HttpContext context)
    {
        var model = models.Find(Route(context, "model"));
        using var lease = model.Hold(Route(context, "version"));
        return Write(context, new
        {
            name = model.Name,
            versions = model.Versions.Select(v => v.Version),
            platform = $"recsys_{lease.Version.Run.Manifest.Model}",
            inputs = lease.Version.Run.Schema.GivenFeatures.SelectMany(Inputs),
            outputs = InferHandler.ScoreOutputs(lease.Version).Select(name => new { name, datatype = "FP32", shape = new[] { -1 } }),
        });
    }

    private static IEnumerable<object> Inputs(DataFeature feature)
    {
        string type = !feature.HasIds ? "FP32" : feature.IsRawNumber ? "FP64" : "BYTES";
        yield return new { name = feature.Name, datatype = type, shape = new[] { -1 } };
        if (feature.Kind is FeatureKind.MultiValued or FeatureKind.Sequence)
            yield return new { name = feature.Name + ".lengths", datatype = "INT32", shape = new[] { -1 } };
    }

    private async Task InferAsync(HttpContext context, RequestBody body)
    {
        string model = models.Find(Route(context, "model")).Name;
        var json = body.Bytes;
        var bytes = ReadOnlyMemory<byte>.Empty;
        if (context.Request.Headers.TryGetValue(HeaderLength, out var header))
        {
            if (!int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > json.Length)
                throw Refusal.Invalid($"{HeaderLength}: '{header}' is out of range; the request has {json.Length} bytes.");
            (json, bytes) = (json[..length], json[length..]);
        }

        var request = InferHandler.WithBytes(ServingEndpoints.Read<InferRequest>(json), bytes);
        using var place = await gate.EnterAsync(context.RequestAborted).ConfigureAwait(false);
        // The header says how long the JSON is, so it has to be known before the first byte is sent.
        var output = new ArrayBufferWriter<byte>();
        int? jsonLength = await _infer.AnswerAsync(model, Route(context, "version"), request, output, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = jsonLength is null ? "application/json; charset=utf-8" : "application/octet-stream";
        context.Response.ContentLength = output.WrittenCount;
        if (jsonLength is { } known)
            context.Response.Headers[HeaderLength] = known.ToString(CultureInfo.InvariantCulture);
        context.Response.BodyWriter.Write(output.WrittenSpan);
    }

    // {"parameters": {"version": "120"}} goes to that version and stays there; without it the best checkpoint, and those that follow.
    private async Task LoadAsync(HttpContext context, RequestBody body)
    {
        var model = models.Find(Route(context, "model"));
        string? version = body.Bytes.IsEmpty ? null : ServingEndpoints.Read<LoadRequest>(body.Bytes).Parameters?.Version;
        try
        {
            var loaded = await model.LoadAsync(version).ConfigureAwait(false);
            await Write(context, new { name = model.Name, version = loaded.Version }).ConfigureAwait(false);
        }
        catch (FormatException)
        {
            throw Refusal.Invalid($"parameters.version: '{version}' is no version; valid: the step of a checkpoint, and in memory {string.Join(", ", model.Versions.Select(v => v.Version))}.");
        }
        catch (CheckpointException e)
        {
            throw Refusal.NotFound($"parameters.version: the checkpoint cannot be loaded, and what was served goes on. {e.Message}");
        }
    }

    private sealed record LoadRequest(LoadParameters? Parameters = null);

    private sealed record LoadParameters(string? Version = null);
}
