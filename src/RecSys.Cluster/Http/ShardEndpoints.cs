using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster.Http;

/// <summary>The paths of a shard server.</summary>
internal static class ShardEndpoints
{
    /// <summary>Below it are checks that need no key.</summary>
    public const string Health = "/health";

    /// <summary>Limits requests for models and rows.</summary>
    public const string RowsPolicy = "rows";

    /// <summary>What can be asked for.</summary>
    public const string ValidPaths = $"GET of /models, POST of /models/MODEL/read and …/write, GET of {Health}/live and …/ready";

    private const string Bytes = "application/octet-stream";

    /// <summary>Adds the paths.</summary>
    /// <param name="app">The server.</param>
    /// <param name="node">What answers.</param>
    public static void Map(IEndpointRouteBuilder app, ShardNode node)
    {
        app.MapGet($"{Health}/live", (HttpContext context) => Task.CompletedTask);
        app.MapGet($"{Health}/ready", (HttpContext context) => Task.CompletedTask);
        app.MapGet("/models", async (HttpContext context) => await context.Response.WriteAsJsonAsync(await node.ListAsync(context.RequestAborted).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false));
        app.MapGet("/models/{model}", (HttpContext context) => FindAsync(context, node));
        app.MapPut("/models/{model}", (HttpContext context) => CreateAsync(context, node)).RequireRateLimiting(RowsPolicy);
        app.MapDelete("/models/{model}", (HttpContext context) => DeleteAsync(context, node));
        app.MapGet("/models/{model}/definition", (HttpContext context) => DescribeAsync(context, node));
        app.MapPost("/models/{model}/buckets/{bucket:int}/detach", (HttpContext context) => DetachAsync(context, node));
        app.MapPut("/models/{model}/buckets/{bucket:int}", (HttpContext context) => AttachAsync(context, node));
        app.MapPost("/models/{model}/buckets/{bucket:int}/copy", (HttpContext context) => CopyAsync(context, node));
        app.MapPut("/models/{model}/copies/{bucket:int}", (HttpContext context) => FollowAsync(context, node));
        app.MapPost("/models/{model}/changes", (HttpContext context) => ChangesAsync(context, node)).RequireRateLimiting(RowsPolicy);
        app.MapDelete("/models/{model}/buckets/{bucket:int}", (HttpContext context) => ForgetAsync(context, node));
        app.MapPost("/models/{model}/read", (HttpContext context) => ReadRowsAsync(context, node)).RequireRateLimiting(RowsPolicy);
        app.MapPost("/models/{model}/write", (HttpContext context) => WriteRowsAsync(context, node)).RequireRateLimiting(RowsPolicy);
    }

    /// <summary>The body of a creation.</summary>
    /// <param name="Model">What <see cref="ShardedModelFormat"/> writes.</param>
    /// <param name="Buckets">Numbers of the buckets.</param>
    /// <param name="Generation">Number of the generation.</param>
    internal sealed record CreateBody(JsonElement Model, IReadOnlyList<int> Buckets, ulong Generation);

    private static string ModelOf(HttpContext context) => (string)context.GetRouteValue("model")!;

    private static async Task FindAsync(HttpContext context, ShardNode node)
    {
        var state = await node.FindAsync(ModelOf(context), context.RequestAborted).ConfigureAwait(false)
            ?? throw new ShardException(ShardErrorKind.NotFound, $"Node '{node.Name}' has no model '{ModelOf(context)}'.");
        await context.Response.WriteAsJsonAsync(state, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, ShardNode node)
    {
        await node.DeleteAsync(ModelOf(context), context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static int BucketOf(HttpContext context) => int.Parse((string)context.GetRouteValue("bucket")!, CultureInfo.InvariantCulture);

    private static async Task DescribeAsync(HttpContext context, ShardNode node)
    {
        var model = await node.DescribeAsync(ModelOf(context), context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(ShardedModelFormat.Write(model), context.RequestAborted).ConfigureAwait(false);
    }

    private static Task DetachAsync(HttpContext context, ShardNode node)
        => SendFileAsync(context, path => node.DetachAsync(ModelOf(context), BucketOf(context), path, context.RequestAborted));

    private static Task AttachAsync(HttpContext context, ShardNode node)
        => TakeFileAsync(context, path => node.AttachAsync(ModelOf(context), BucketOf(context), path, context.RequestAborted));

    private static Task CopyAsync(HttpContext context, ShardNode node)
    {
        string text = context.Request.Query["chain"].ToString();
        ulong chain = 0;
        if (text.Length > 0 && !ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out chain))
            throw new ShardException(ShardErrorKind.Invalid, $"The chain '{text}' is no number of up to 16 hexadecimal digits.");
        return SendFileAsync(context, path => node.CopyAsync(ModelOf(context), BucketOf(context), chain, path, context.RequestAborted));
    }

    private static Task FollowAsync(HttpContext context, ShardNode node)
        => TakeFileAsync(context, path => node.FollowAsync(ModelOf(context), BucketOf(context), path, context.RequestAborted));

    private static async Task ChangesAsync(HttpContext context, ShardNode node)
    {
        var since = await JsonAsync<BucketLink[]>(context).ConfigureAwait(false);
        if (since.Contains(null))
            throw new ShardException(ShardErrorKind.Invalid, "The request is not valid: an element is null.");
        await context.Response.WriteAsJsonAsync(await node.ChangesAsync(ModelOf(context), since, context.RequestAborted).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SendFileAsync(HttpContext context, Func<string, Task> write)
    {
        string path = Path.GetTempFileName();
        try
        {
            await write(path).ConfigureAwait(false);
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
            context.Response.ContentType = Bytes;
            context.Response.ContentLength = file.Length;
            await file.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task TakeFileAsync(HttpContext context, Func<string, Task> read)
    {
        // A bucket is as large as it is; its checksum says whether all of it has come.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        string path = Path.GetTempFileName();
        try
        {
            await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
                await context.Request.Body.CopyToAsync(file, context.RequestAborted).ConfigureAwait(false);
            await read(path).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task ForgetAsync(HttpContext context, ShardNode node)
    {
        await node.ForgetAsync(ModelOf(context), BucketOf(context), context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task CreateAsync(HttpContext context, ShardNode node)
    {
        var body = await JsonAsync<CreateBody>(context).ConfigureAwait(false);
        if (body.Buckets is null || body.Model.ValueKind != JsonValueKind.Object)
            throw new ShardException(ShardErrorKind.Invalid, "The request is not valid: 'model' or 'buckets' is missing.");
        var model = ShardedModelFormat.Read(JsonSerializer.SerializeToUtf8Bytes(body.Model));
        if (model.Name != ModelOf(context))
            throw new ShardException(ShardErrorKind.Invalid, $"The model is named '{model.Name}', but the path says '{ModelOf(context)}'.");
        var state = await node.CreateAsync(model, body.Buckets, body.Generation, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(state, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<T> JsonAsync<T>(HttpContext context)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, JsonSerializerOptions.Web, context.RequestAborted).ConfigureAwait(false)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new ShardException(ShardErrorKind.Invalid, $"The request is not valid: {e.Message}", e);
        }
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
