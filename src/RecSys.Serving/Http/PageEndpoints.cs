using System.Collections.Frozen;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RecSys.Serving.Http;

/// <summary>The web page at <c>/</c> and the description of all paths: files that are part of the program. They hold no data, so they need no key.</summary>
internal static class PageEndpoints
{
    private const string Folder = "/page";

    private static readonly FrozenDictionary<string, (string Resource, string Type)> s_files = new Dictionary<string, (string, string)>
    {
        ["/"] = ("index.html", "text/html; charset=utf-8"),
        [$"{Folder}/app.js"] = ("app.js", "text/javascript; charset=utf-8"),
        [$"{Folder}/style.css"] = ("style.css", "text/css; charset=utf-8"),
        ["/openapi.json"] = ("openapi.json", "application/json; charset=utf-8"),
    }.ToFrozenDictionary();

    /// <summary>Whether a path is one of the page.</summary>
    /// <param name="path">The path.</param>
    public static bool Has(PathString path) => path.Value is { } value && s_files.ContainsKey(value);

    /// <summary>Adds the paths.</summary>
    /// <param name="app">The server.</param>
    public static void Map(IEndpointRouteBuilder app)
    {
        foreach ((string path, (string resource, string type)) in s_files)
        {
            byte[] content = Read(resource);
            app.MapGet(path, async (HttpContext context) =>
            {
                context.Response.ContentType = type;
                context.Response.ContentLength = content.Length;
                context.Response.Headers.CacheControl = "no-cache";
                context.Response.Headers.XContentTypeOptions = "nosniff";
                context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; frame-ancestors 'none'";
                await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
            });
        }
    }

    private static byte[] Read(string resource)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream($"RecSys.Serving.Page.{resource}")!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
