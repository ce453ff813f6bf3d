using RecSys.Cluster.Http;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Training.Rows;

namespace RecSys.Serving;

/// <summary>Settings of a server as YAML.</summary>
public static class ServingConfig
{
    /// <summary>Address where the configuration names none.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>Reads a configuration.</summary>
    /// <param name="node">The configuration.</param>
    /// <param name="run">Folder of a run to serve, by its name; null when the configuration has the models.</param>
    /// <exception cref="ConfigException">A key or value is wrong.</exception>
    public static ServingOptions Read(ConfigNode node, string? run)
    {
        var options = new ServingOptions
        {
            Url = node.String("url", DefaultUrl),
            Http2Url = node.OptionalString("http2_url"),
            Models = Models(node, run),
            Certificate = node.OptionalString("certificate_file"),
            CertificateKey = node.OptionalString("certificate_key_file"),
            ApiKeys = Keys(node),
            LiveRows = LiveRows(node.SectionOrName("rows")),
            Scoring = node.Boolean("scoring", true),
            MaxRequestBytes = node.Int64("max_request_bytes", 4 << 20, minimum: 1024, maximum: 1 << 30),
            MaxQueuedRequests = node.Int32("max_queued_requests", 64, minimum: 0),
            MaxConnections = node.Int32("max_connections", 1024, minimum: 1),
            MaxIds = node.Int32("max_ids", 100_000, minimum: 1),
            MaxPendingBytes = node.Int64("max_pending_bytes", 256 << 20, minimum: 1 << 20),
            ScoringBatchSize = node.Int32("scoring_batch_size", 1024, minimum: 1, maximum: 1 << 16),
            KeptVersions = node.Int32("kept_versions", 3, minimum: 1, maximum: 100),
            RequestTimeout = Seconds("request_timeout_seconds", 10),
            FollowInterval = Seconds("follow_seconds", 1),
            DrainTime = Seconds("drain_seconds", 30),
        };
        options = options with { Deltas = Deltas(node, options) };
        options = options with { MaxConcurrentRequests = node.Int32("max_concurrent_requests", options.MaxConcurrentRequests, minimum: 1) };
        node.ThrowOnUnknownKeys();
        return options;

        TimeSpan Seconds(string key, double fallback) => TimeSpan.FromSeconds(node.Double(key, fallback, minimum: 0.01, maximum: 86_400));
    }

    private static IReadOnlyDictionary<string, string> Deltas(ConfigNode node, ServingOptions options)
    {
        var deltas = node.Section("deltas").Scalars().ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        if (deltas.Count == 0)
            return options.Deltas;
        if (options.LiveRows is not null)
            throw node.Error("deltas", "rows are read live from the nodes; valid: rows: files");
        if (deltas.Keys.FirstOrDefault(m => !options.Models.ContainsKey(m)) is { } model)
            throw node.Error("deltas", $"there is no model '{model}'; {NearestName.Hint(model, options.Models.Keys)}valid: {string.Join(", ", options.Models.Keys)}");
        return deltas.Values.FirstOrDefault(f => !Directory.Exists(f)) is { } missing
            ? throw node.Error("deltas", $"there is no folder '{missing}'; valid: a folder of snapshots, which may be empty")
            : deltas;
    }

    private static LiveRowsOptions? LiveRows(ConfigNode node)
    {
        if (node.Choice("name", "files", "files", "cluster") == "files")
            return null;
        var options = new LiveRowsOptions();
        return options with
        {
            CacheBytes = node.Int64("cache_bytes", options.CacheBytes, minimum: 0, maximum: 1L << 40),
            Timeout = TimeSpan.FromSeconds(node.Double("timeout_seconds", options.Timeout.TotalSeconds, minimum: 0.01, maximum: 3600)),
        };
    }

    private static Dictionary<string, string> Models(ConfigNode node, string? run)
    {
        var models = node.Section("models").Scalars().ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal);
        if (run is not null)
        {
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run)));
            if (!models.TryAdd(name, run))
                throw node.Error("models", $"'{name}' is the run of the command line too; valid: another name");
        }

        return models.Count > 0 ? models : throw node.Error("models", "there is no model; valid: {NAME: FOLDER_OF_A_RUN}, or a run in the command line");
    }

    private static IReadOnlyList<string> Keys(ConfigNode node)
    {
        if (node.OptionalString("api_key_file") is not { } file)
            return [];
        try
        {
            return ApiKeyFile.Read(file);
        }
        catch (ArgumentException e)
        {
            throw node.Error("api_key_file", e.Message);
        }
    }
}
