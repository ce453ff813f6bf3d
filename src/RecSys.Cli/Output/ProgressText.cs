using System.Globalization;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Output;

/// <summary>Words for a <see cref="ProgressUpdate"/>.</summary>
internal static class ProgressText
{
    /// <summary>One line: phase, share, rate, loss, metric, time left; what is not known is left out.</summary>
    public static string Format(ProgressUpdate update)
    {
        List<string> parts = [update.Phase];
        if (update.Total > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{Share(update) * 100,3:0}%"));
        if (update.Done > 0 || update.Total > 0)
            parts.Add($"{NumberFormat.Compact(update.Done)}{(update.Total > 0 ? $"/{NumberFormat.Compact(update.Total)}" : "")} {update.Unit}");
        if (update.SamplesPerSecond >= 1)
            parts.Add($"{NumberFormat.Compact(update.SamplesPerSecond)} {update.Unit}/s");
        if (update.Loss is { } loss)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"loss {loss:0.0000}"));
        if (update.Metric is { } metric)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{update.MetricName} {metric:0.0000}"));
        if (update.RemainingSeconds is > 0 and { } seconds)
            parts.Add($"{NumberFormat.Duration(TimeSpan.FromSeconds(seconds))} left");
        return string.Join("  ", parts);
    }

    /// <summary>A bar of the given width in characters; empty when the total is not known.</summary>
    public static string Bar(ProgressUpdate update, int width)
    {
        if (update.Total <= 0)
            return "";
        int filled = (int)Math.Round(Share(update) * width);
        return new string('━', filled) + new string('─', width - filled);
    }

    private static double Share(ProgressUpdate update) => Math.Clamp((double)update.Done / update.Total, 0, 1);
}
