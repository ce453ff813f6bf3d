using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecSys.Cluster;
using RecSys.Cluster.Buckets;
using RecSys.Cluster.Http;
using RecSys.Data.Configuration;

namespace RecSys.Training.Configuration;

/// <summary>Nodes that hold the embedding rows.</summary>
public sealed class ClusterConfig
{
    private readonly ConfigNode _node;

    internal ClusterConfig(ConfigNode node)
    {
        _node = node;
        Nodes = Addresses("nodes");
        Copies = Addresses("copies");
        if (Copies.Keys.FirstOrDefault(Nodes.ContainsKey) is { } twice)
            throw node.Error("copies", $"node '{twice}' is in cluster.nodes too; valid: nodes of their own");
        BucketCount = node.Int32("buckets", ShardedModel.DefaultBucketCount, minimum: 1, maximum: TableBuckets.LargestCount);
        if (!BitOperations.IsPow2(BucketCount))
            throw node.Error("buckets", $"{BucketCount} is no power of two; valid: 1, 2, 4, … {TableBuckets.LargestCount}");
        Pins = ReadPins();
        KeepRows = node.Boolean("keep_rows", false);
        Staleness = node.Int32("staleness", 1, minimum: 1, maximum: 100);
        ApiKeyFile = node.OptionalString("api_key_file");
        CertificateFile = node.OptionalString("certificate_file");
    }

    /// <summary>Addresses of the shard servers by the name of their node.</summary>
    /// <value>Empty by default: rows are in the memory of the training process.</value>
    public IReadOnlyDictionary<string, Uri> Nodes { get; }

    /// <summary>Addresses of further shard servers, which hold copies of rows for reading, by the name of their node.</summary>
    /// <value>Empty by default.</value>
    public IReadOnlyDictionary<string, Uri> Copies { get; }

    /// <summary>Buckets that the rows are dealt to: a power of two.</summary>
    /// <value>256 by default.</value>
    public int BucketCount { get; }

    /// <summary>Buckets that are to be on a certain node, and its name.</summary>
    /// <value>Empty by default: all are placed by their names.</value>
    public IReadOnlyDictionary<int, string> Pins { get; }

    /// <summary>Whether the rows of the best checkpoint stay on the nodes when training ends, to be read by servers.</summary>
    /// <value>False by default: they are deleted.</value>
    public bool KeepRows { get; }

    /// <summary>How many steps old the rows of a step may be: 1 gives the same numbers as one process, more overlaps transfers with computing.</summary>
    /// <value>1 by default.</value>
    public int Staleness { get; }

    /// <summary>File whose first line is the key that requests carry.</summary>
    /// <value>None by default.</value>
    public string? ApiKeyFile { get; }

    /// <summary>PEM file with the certificates that https servers may have, or those of the authorities that have signed them.</summary>
    /// <value>None by default: the authorities that this machine trusts.</value>
    public string? CertificateFile { get; }

    /// <summary>Clients of <see cref="Nodes"/>, which the caller disposes.</summary>
    /// <exception cref="ConfigException">The file with the key or the certificates is missing or empty.</exception>
    public IReadOnlyList<IShardNode> Connect() => Connect(Nodes);

    /// <summary>Clients of <see cref="Copies"/>, which the caller disposes.</summary>
    /// <exception cref="ConfigException">The file with the key or the certificates is missing or empty.</exception>
    public IReadOnlyList<IShardNode> ConnectCopies() => Connect(Copies);

    /// <summary>Clients of <see cref="Nodes"/> and <see cref="Copies"/> that do not wait long, which the caller disposes.</summary>
    /// <param name="timeout">How long a request may take.</param>
    /// <exception cref="ConfigException">The file with the key or the certificates is missing or empty.</exception>
    public IReadOnlyList<IShardNode> ConnectAll(TimeSpan timeout) => [.. Connect(Nodes, timeout), .. Connect(Copies, timeout)];

    private IReadOnlyList<IShardNode> Connect(IReadOnlyDictionary<string, Uri> addresses, TimeSpan? timeout = null)
    {
        string? key = null;
        if (ApiKeyFile is not null && (key = File.Exists(ApiKeyFile) ? File.ReadLines(ApiKeyFile).FirstOrDefault()?.Trim() : null) is null or "")
            throw _node.Error("api_key_file", $"there is no file '{ApiKeyFile}' with a key in its first line");
        var options = new HttpShardNodeOptions { ApiKey = key, TrustedCertificates = [.. ReadCertificates()] };
        if (timeout is { } time)
            options = options with { Timeout = time };
        return [.. addresses.Select(n => new HttpShardNode(n.Key, n.Value, options))];
    }

    private X509Certificate2Collection ReadCertificates()
    {
        X509Certificate2Collection certificates = [];
        if (CertificateFile is null)
            return certificates;
        try
        {
            certificates.ImportFromPemFile(CertificateFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw _node.Error("certificate_file", $"'{CertificateFile}' cannot be read: {e.Message}");
        }

        return certificates.Count > 0 ? certificates : throw _node.Error("certificate_file", $"there is no certificate in '{CertificateFile}'; valid: a PEM file");
    }

    // {NODE: "0-31, 40"}
    private Dictionary<int, string> ReadPins()
    {
        Dictionary<int, string> pins = [];
        foreach ((string node, string text) in _node.Section("pins").Scalars())
        {
            if (!Nodes.ContainsKey(node))
                throw _node.Error("pins", $"'{node}' is no node of cluster.nodes; valid: {string.Join(", ", Nodes.Keys)}");
            foreach (string range in text.Split(',', StringSplitOptions.TrimEntries))
            {
                string[] ends = range.Split('-', StringSplitOptions.TrimEntries);
                if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first) || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || first > last || last >= BucketCount)
                    throw _node.Error("pins", $"'{range}' of node '{node}' is not valid; valid: buckets 0 … {BucketCount - 1} as \"0-31, 40\"");
                for (int bucket = first; bucket <= last; bucket++)
                {
                    if (!pins.TryAdd(bucket, node))
                        throw _node.Error("pins", $"bucket {bucket} is pinned twice, to '{pins[bucket]}' and '{node}'; valid: each once");
                }
            }
        }

        return pins;
    }

    private Dictionary<string, Uri> Addresses(string key)
        => _node.Section(key).Scalars().ToDictionary(n => n.Key, n => AddressOf(key, n.Key, n.Value), StringComparer.Ordinal);

    private Uri AddressOf(string key, string node, string address)
        => Uri.TryCreate(address, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : throw _node.Error(key, $"the address '{address}' of node '{node}' is not valid; valid: http://HOST:PORT or https://HOST:PORT");
}
