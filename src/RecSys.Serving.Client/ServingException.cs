using System.Net;

namespace RecSys.Serving.Client;

/// <summary>A request that the server refuses.</summary>
/// <param name="status">Its answer.</param>
/// <param name="message">What it says.</param>
public sealed class ServingException(HttpStatusCode status, string message) : Exception(message)
{
    /// <summary>Status of the answer.</summary>
    public HttpStatusCode Status { get; } = status;
}
