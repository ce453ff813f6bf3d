using Microsoft.Extensions.Logging;

namespace RecSys.Serving;

/// <summary>What the server tells.</summary>
internal static partial class ServingLog
{
    [LoggerMessage(1, LogLevel.Information, "Model '{Model}' serves version {Version}.")]
    public static partial void Loaded(ILogger log, string model, string version);

    [LoggerMessage(2, LogLevel.Error, "A new version of model '{Model}' could not be loaded; the former one goes on.")]
    public static partial void NotLoaded(ILogger log, Exception error, string model);

    [LoggerMessage(4, LogLevel.Error, "The version of model '{Model}' that was served is damaged and serves no more; load another.")]
    public static partial void Damaged(ILogger log, Exception error, string model);

    [LoggerMessage(3, LogLevel.Error, "{Method} {Path} failed.")]
    public static partial void Failed(ILogger log, Exception error, string method, string path);
}
