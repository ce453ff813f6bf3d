using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RecSys.Cluster.Http;

/// <summary>Turns refusals into status codes with <c>{"kind": …, "error": …}</c>.</summary>
/// <param name="next">What follows.</param>
/// <param name="validPaths">The paths of the server, for those who ask for others.</param>
internal sealed class HttpErrors(RequestDelegate next, string validPaths)
{
    private const int MisdirectedRequest = 421;

    /// <summary>The status code of a refusal.</summary>
    public static int StatusOf(ShardErrorKind kind) => kind switch
    {
        ShardErrorKind.Invalid => StatusCodes.Status400BadRequest,
        ShardErrorKind.NotFound => StatusCodes.Status404NotFound,
        ShardErrorKind.Conflict => StatusCodes.Status409Conflict,
        ShardErrorKind.Misplaced => MisdirectedRequest,
        ShardErrorKind.Overloaded => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    /// <summary>The refusal of a status code.</summary>
    public static ShardErrorKind KindOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => ShardErrorKind.NotFound,
        StatusCodes.Status409Conflict => ShardErrorKind.Conflict,
        MisdirectedRequest => ShardErrorKind.Misplaced,
        StatusCodes.Status429TooManyRequests => ShardErrorKind.Overloaded,
        >= 500 => ShardErrorKind.Unavailable,
        _ => ShardErrorKind.Invalid,
    };

    /// <summary>Runs a request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (!context.Response.HasStarted && context.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed)
                await WriteAsync(context, context.Response.StatusCode, ShardErrorKind.NotFound, $"There is no {context.Request.Method} of '{context.Request.Path}'; valid: {validPaths}.").ConfigureAwait(false);
        }
        catch (ShardException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, e.Kind, e.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, e.StatusCode, ShardErrorKind.Invalid, e.Message).ConfigureAwait(false);
        }
        catch (IOException e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await WriteAsync(context, ShardErrorKind.Unavailable, e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody waits for an answer.
        }
    }

    /// <summary>Writes a refusal.</summary>
    public static Task WriteAsync(HttpContext context, ShardErrorKind kind, string message) => WriteAsync(context, StatusOf(kind), kind, message);

    /// <summary>Writes a refusal with a status code of its own.</summary>
    public static async Task WriteAsync(HttpContext context, int status, ShardErrorKind kind, string message)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new ErrorBody(kind.ToString(), message), context.RequestAborted).ConfigureAwait(false);
        await PassOverAsync(context).ConfigureAwait(false);
    }

    // A body that nobody reads holds its stream of an HTTP/2 connection for seconds; after some hundred refusals the connection takes
    // nothing any more. So it is read and forgotten, unless it is longer than any may be.
    private static async Task PassOverAsync(HttpContext context)
    {
        if (!(context.Request.ContentLength <= context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize))
            return;
        try
        {
            for (bool isEnd = false; !isEnd;)
            {
                var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
                isEnd = read.IsCompleted || read.IsCanceled;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // What is wrong with the body is the client's to know.
        }
    }

    /// <summary>What a refusal says.</summary>
    /// <param name="Kind">Name of a <see cref="ShardErrorKind"/>.</param>
    /// <param name="Error">The message.</param>
    internal sealed record ErrorBody(string Kind, string Error);
}
