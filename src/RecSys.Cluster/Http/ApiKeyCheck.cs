using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RecSys.Cluster.Http;

/// <summary>Refuses requests without a valid key with 401.</summary>
internal sealed class ApiKeyCheck
{
    private const string Scheme = "Bearer ";
    private readonly RequestDelegate _next;
    private readonly Predicate<PathString> _isOpen;

    // Hashes have one length, so that comparing them tells nothing about the keys.
    private readonly byte[][] _keyHashes;

    /// <summary>Creates the check.</summary>
    /// <param name="next">What follows.</param>
    /// <param name="options">Its keys.</param>
    /// <param name="isOpen">The paths that need no key.</param>
    public ApiKeyCheck(RequestDelegate next, HttpServerOptions options, Predicate<PathString> isOpen)
    {
        _next = next;
        _isOpen = isOpen;
        _keyHashes = [.. options.ApiKeys.Select(k => SHA256.HashData(Encoding.UTF8.GetBytes(k)))];
    }

    /// <summary>Runs a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (_keyHashes.Length == 0 || _isOpen(context.Request.Path) || IsKnown(context.Request.Headers.Authorization.ToString()))
            return _next(context);
        context.Response.Headers.WWWAuthenticate = Scheme.Trim();
        return HttpErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, ShardErrorKind.Invalid, "The request carries no valid key; valid: Authorization: Bearer KEY.");
    }

    private bool IsKnown(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.Ordinal))
            return false;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..]));
        bool known = false;
        foreach (byte[] key in _keyHashes)
            known |= CryptographicOperations.FixedTimeEquals(key, hash);
        return known;
    }
}
