using Microsoft.AspNetCore.Http;

namespace RecSys.Serving;

/// <summary>Requests that are refused, by what is wrong with them.</summary>
internal static class Refusal
{
    /// <summary>400: the request is malformed or names what does not exist.</summary>
    /// <param name="message">What is wrong, where, and what would be valid.</param>
    public static BadHttpRequestException Invalid(string message) => new(message, StatusCodes.Status400BadRequest);

    /// <summary>404: there is no such model or version.</summary>
    /// <param name="message">What is valid.</param>
    public static BadHttpRequestException NotFound(string message) => new(message, StatusCodes.Status404NotFound);

    /// <summary>501: the server cannot do it, as it was started.</summary>
    /// <param name="message">Why, and what would be valid.</param>
    public static BadHttpRequestException NotPossible(string message) => new(message, StatusCodes.Status501NotImplemented);

    /// <summary>503: it may work later.</summary>
    /// <param name="message">What is missing.</param>
    public static BadHttpRequestException Unavailable(string message) => new(message, StatusCodes.Status503ServiceUnavailable);
}
