using System.Diagnostics.Metrics;
using RecSys.Embeddings.Tables;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Training.Rows;

namespace RecSys.Serving.Monitoring;

/// <summary>What the server measures of itself.</summary>
internal sealed class ServingMetrics : IDisposable
{
    private const string MeterName = "RecSys.Serving";

    private static readonly double[] s_shares = [0.5, 0.95, 0.99];

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _keys;
    private readonly Counter<long> _samples;

    /// <summary>Makes the instruments.</summary>
    /// <param name="models">The models.</param>
    public ServingMetrics(ModelRepository models)
    {
        _requests = Meter.CreateCounter<long>("embed_requests_total", description: "Requests by endpoint and status code.");
        _duration = Meter.CreateHistogram<double>("embed_request_duration_seconds", "s", "Time from the first byte of a request to the last of its answer.");
        _keys = Meter.CreateCounter<long>("embed_lookup_keys_total", description: "Ids looked up, by where their vector comes from.");
        _samples = Meter.CreateCounter<long>("embed_score_samples_total", description: "Samples scored.");
        Meter.CreateObservableGauge("embed_table_rows", () => Current(models).SelectMany(v => v.Run.Rows.Tables.Select(t => new Measurement<long>(t.RowCount, new("model", v.Model), new("table", t.Name)))), description: "Rows of a table.");
        Meter.CreateObservableGauge("embed_table_bytes", () => Current(models).SelectMany(Bytes), "bytes", "Bytes of the embeddings by part.");
        Meter.CreateObservableCounter("embed_cache_hits_total", () => Live(models).Select(l => Of(l.Rows.CacheHits, l.Model)), description: "Live rows that the cache had.");
        Meter.CreateObservableCounter("embed_cache_misses_total", () => Live(models).Select(l => Of(l.Rows.CacheMisses, l.Model)), description: "Live rows that were asked for at nodes.");
        Meter.CreateObservableGauge("embed_cache_hit_ratio", () => Live(models).Select(l => new Measurement<double>(HitRatio(l.Rows), new KeyValuePair<string, object?>("model", l.Model))), description: "Share of the live rows that the cache had.");
        Meter.CreateObservableCounter("embed_node_requests_total", () => Live(models).SelectMany(Requests), description: "Requests to nodes for live rows: answered, failed, and sent to others too.");
        Meter.CreateObservableGauge("embed_node_request_duration_seconds", () => Live(models).SelectMany(Durations), "s", "Time within which a share of the requests to a node was answered.");
        Meter.CreateObservableGauge("embed_changed_rows", () => Current(models).Where(v => v.Run.Snapshot is not null).Select(v => Of(((MappedRowStore)v.Run.Rows).ChangedRowCount, v.Model)), description: "Rows of snapshots that are not those of the checkpoint.");
        Meter.CreateObservableGauge("embed_model_version_info", () => models.Models.SelectMany(m => m.Versions.Select((v, i) => new Measurement<long>(1, new("model", m.Name), new("version", v.Version)))), description: "Versions in memory.");
    }

    /// <summary>The instruments, for <c>dotnet-counters</c> and for <see cref="PrometheusText"/>.</summary>
    public Meter Meter { get; } = new(MeterName);

    /// <summary>Counts a request.</summary>
    /// <param name="endpoint">Its path.</param>
    /// <param name="status">Status code of the answer.</param>
    /// <param name="duration">Time it took.</param>
    public void CountRequest(string endpoint, int status, TimeSpan duration)
    {
        _requests.Add(1, new KeyValuePair<string, object?>("endpoint", endpoint), new("code", status));
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint));
    }

    /// <summary>Counts looked-up ids.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="statuses">A status per id.</param>
    public void CountKeys(string model, ReadOnlySpan<RowStatus> statuses)
    {
        int defaults = statuses.Count(RowStatus.Default);
        int filtered = statuses.Count(RowStatus.Filtered);
        Add("present", statuses.Length - defaults - filtered);
        Add("default", defaults);
        Add("filtered", filtered);

        void Add(string status, int count)
        {
            if (count > 0)
                _keys.Add(count, new KeyValuePair<string, object?>("model", model), new("status", status));
        }
    }

    /// <summary>Counts scored samples.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="count">Samples.</param>
    public void CountSamples(string model, int count) => _samples.Add(count, new KeyValuePair<string, object?>("model", model));

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static IEnumerable<ServedVersion> Current(ModelRepository models) => models.Models.Select(m => m.Current).OfType<ServedVersion>();

    private static IEnumerable<(string Model, LiveRows Rows)> Live(ModelRepository models)
        => Current(models).Where(v => v.Run.LiveRows is not null).Select(v => (v.Model, v.Run.LiveRows!));

    private static Measurement<long> Of(long value, string model) => new(value, new KeyValuePair<string, object?>("model", model));

    private static double HitRatio(LiveRows rows) => (double)rows.CacheHits / Math.Max(1, rows.CacheHits + rows.CacheMisses);

    private static IEnumerable<Measurement<long>> Requests((string Model, LiveRows Rows) live) => live.Rows.Latencies.SelectMany(l => (Measurement<long>[])
    [
        new(l.Count, new("model", live.Model), new("node", l.Node), new("status", "answered")),
        new(l.Failures, new("model", live.Model), new("node", l.Node), new("status", "failed")),
        new(l.Hedges, new("model", live.Model), new("node", l.Node), new("status", "hedged")),
    ]);

    private static IEnumerable<Measurement<double>> Durations((string Model, LiveRows Rows) live) => live.Rows.Latencies.SelectMany(l => s_shares.Select(share
        => new Measurement<double>(l.Quantile(share).TotalSeconds, new("model", live.Model), new("node", l.Node), new("quantile", share))));

    private static List<Measurement<long>> Bytes(ServedVersion version)
    {
        if (!version.TryHold())
            return [];
        using var lease = new VersionLease(version);
        long rows = version.Run.Lookups.SelectMany(l => l.Groups).Sum(g => g.Layout.Tables.Sum(t => t.ByteCount));
        return
        [
            Of("rows", rows),
            Of("auxiliary", version.Run.Lookups.SelectMany(l => l.Groups).Sum(g => g.Layout.AuxiliaryBytes)),
            Of("vocabulary", version.Run.Vocabularies.ByteCount),
        ];

        Measurement<long> Of(string part, long bytes) => new(bytes, new("model", version.Model), new("part", part));
    }
}
