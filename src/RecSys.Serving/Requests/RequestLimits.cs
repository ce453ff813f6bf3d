namespace RecSys.Serving.Requests;

/// <summary>Bounds of what one request may ask for.</summary>
internal static class RequestLimits
{
    /// <summary>Refuses a request with too many ids.</summary>
    /// <param name="idCount">Its ids.</param>
    /// <param name="maxIds">Most ids.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">There are more.</exception>
    public static void ThrowIfMore(long idCount, int maxIds)
    {
        if (idCount > maxIds)
            throw Refusal.Invalid($"The request has {idCount} ids; at most {maxIds} are taken.");
    }
}
