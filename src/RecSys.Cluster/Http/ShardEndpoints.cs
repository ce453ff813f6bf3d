using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RecSys.Cluster.Requests;

namespace RecSys.Cluster.Http;

/// <summary>The paths of a shard server.</summary>
internal static class ShardEndpoints
{
    /// <summary>Below it are checks that need no key.</summary>
    public const string Health = "/health";

    /// <summary>Limits requests for models and rows.</summary>
    public const string RowsPolicy = "rows";

    private const string Bytes = "application/octet-stream";

    /// <summary>Adds the paths.</summary>
    /// <param name="app">The server.</param>
    /// <param name="node">What answers.</param>
    public static void Map(IEndpointRouteBuilder app, ShardNode node)
    {
        app.MapGet($"{Health}/live", (HttpContext context) => Task.CompletedTask);
        app.MapGet($"{Health}/ready", (HttpContext context) => Task.CompletedTask);
        app.MapPost("/models/{model}/open", (HttpContext context) => OpenAsync(context, node)).RequireRateLimiting(RowsPolicy);
        app.MapPost("/models/{model}/read", (HttpContext context) => ReadRowsAsync(context, node)).RequireRateLimiting(RowsPolicy);
        app.MapPost("/models/{model}/write", (HttpContext context) => WriteRowsAsync(context, node)).RequireRateLimiting(RowsPolicy);
    }

    /// <summary>The body of an opening: the model, then the buckets to create.</summary>
    /// <param name="Model">What <see cref="ShardedModelFormat"/> writes.</param>
    /// <param name="Buckets">Numbers of the buckets.</param>
    internal sealed record OpenBody(JsonElement Model, IReadOnlyList<int> Buckets);

    private static string ModelOf(HttpContext context) => (string)context.GetRouteValue("model")!;

    private static async Task OpenAsync(HttpContext context, ShardNode node)
    {
        OpenBody body;
        try
        {
            body = await JsonSerializer.DeserializeAsync<OpenBody>(context.Request.Body, JsonSerializerOptions.Web, context.RequestAborted).ConfigureAwait(false)
                ?? throw new JsonException("it is null");
            if (body.Buckets is null || body.Model.ValueKind != JsonValueKind.Object)
                throw new JsonException("'model' or 'buckets' is missing");
        }
        catch (JsonException e)
        {
            throw new ShardException(ShardErrorKind.Invalid, $"The request is not valid: {e.Message}", e);
        }

        var model = ShardedModelFormat.Read(JsonSerializer.SerializeToUtf8Bytes(body.Model));
        if (model.Name != ModelOf(context))
            throw new ShardException(ShardErrorKind.Invalid, $"The model is named '{model.Name}', but the path says '{ModelOf(context)}'.");
        var state = await node.OpenAsync(model, body.Buckets, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(state, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task ReadRowsAsync(HttpContext context, ShardNode node)
    {
        var shard = node.Get(ModelOf(context));
        byte[] body = await ReadAsync(context).ConfigureAwait(false);
        byte[] reply = [];
        try
        {
            int replyByteCount;
            using (var request = ShardRequest.Parse(body.AsMemory(0, (int)context.Request.ContentLength!), shard.Model, ShardRequestKind.Gather, ShardRequestKind.Export))
            {
                replyByteCount = request.ReplyByteCount;
                reply = ArrayPool<byte>.Shared.Rent(replyByteCount);
                shard.Read(request, reply);
            }

            context.Response.ContentType = Bytes;
            context.Response.ContentLength = replyByteCount;
            await context.Response.Body.WriteAsync(reply.AsMemory(0, replyByteCount), context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reply);
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private static async Task WriteRowsAsync(HttpContext context, ShardNode node)
    {
        byte[] body = await ReadAsync(context).ConfigureAwait(false);
        try
        {
            await node.WriteAsync(ModelOf(context), body.AsMemory(0, (int)context.Request.ContentLength!), context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    // The length comes first, so that a request that is too large is refused before anything is read.
    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not { } length)
            throw new BadHttpRequestException("The request says no Content-Length.", StatusCodes.Status411LengthRequired);
        long largest = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? int.MaxValue;
        if (length > Math.Min(largest, Array.MaxLength))
            throw new BadHttpRequestException($"The request has {length} bytes; at most {largest} are taken.", StatusCodes.Status413PayloadTooLarge);
        byte[] body = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            await context.Request.Body.ReadExactlyAsync(body.AsMemory(0, (int)length), context.RequestAborted).ConfigureAwait(false);
            return body;
        }
        catch (EndOfStreamException e)
        {
            ArrayPool<byte>.Shared.Return(body);
            throw new BadHttpRequestException($"The request ends before its {length} bytes do.", e);
        }
    }
}
