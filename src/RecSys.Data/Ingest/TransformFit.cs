using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>Fits the transforms of numbers on the train rows.</summary>
internal static class TransformFit
{
    /// <summary>The feature with the parameters of its transform.</summary>
    /// <param name="database">Holds <c>events</c>.</param>
    /// <param name="config">The feature as configured.</param>
    /// <param name="raw">Its column in <c>events</c>.</param>
    internal static DataFeature Fit(DuckDatabase database, FeatureConfig config, string raw)
    {
        IReadOnlyList<double> parameters = config.Feature.Transform switch
        {
            TransformKind.MinMax => Query($"[min({raw}), max({raw})]"),
            // Sums of floating-point numbers depend on their order, and several threads would take any.
            TransformKind.Standard => Query($"[avg({raw} ORDER BY rowid), stddev_pop({raw} ORDER BY rowid)]"),
            TransformKind.QuantileBucket => [.. Query($"quantile_cont({raw}, {Shares(config.BucketCount)})").Distinct()],
            _ => [],
        };
        return config.Feature with { Parameters = parameters };

        double[] Query(string sql)
        {
            using DuckResult result = database.Query($"SELECT coalesce({sql}, [])::DOUBLE[] FROM _events WHERE s = 0 AND isfinite({raw})");
            double[] values = result.Next() is { } chunk ? chunk[0].Elements.Values<double>().ToArray() : [];
            // Without a single train value every row is missing, and any bounds will do.
            return values.Length == 0 && config.Feature.Transform != TransformKind.QuantileBucket ? [0, 0] : values;
        }
    }

    private static string Shares(int bucketCount)
        => $"[{string.Join(", ", Enumerable.Range(1, bucketCount - 1).Select(i => ((double)i / bucketCount).ToString("R", CultureInfo.InvariantCulture)))}]";
}
