using System.Globalization;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Snapshots;

/// <summary>
/// A snapshot: a file per bucket, <c>model.json</c>, and a manifest of every node that wrote some of the buckets. How many nodes
/// wrote it does not matter for who reads it.
/// </summary>
/// <remarks>A snapshot is complete when its manifests name every bucket of the model once. Each is written last, by rename.</remarks>
public sealed class SnapshotFolder
{
    private SnapshotFolder(string path, ShardedModel model, ChainLink link)
    {
        Path = path;
        Model = model;
        Link = link;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The model that it is of.</summary>
    public ShardedModel Model { get; }

    /// <summary>Its place in a chain of a base and deltas.</summary>
    public ChainLink Link { get; }

    /// <summary>Opens a complete snapshot.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InvalidDataException">A file is missing or damaged, or the nodes' parts do not make one snapshot; the message names
    /// the file.</exception>
    public static SnapshotFolder Open(string path)
    {
        var model = ModelFile.Read(path);
        var (link, buckets) = Join(path, model);
        var once = buckets.ToHashSet();
        for (int bucket = 0; bucket < model.BucketCount; bucket++)
        {
            if (!once.Contains(bucket))
                throw new InvalidDataException($"{path}: no manifest names bucket {bucket}; the snapshot is incomplete.");
        }

        return new SnapshotFolder(path, model, link);
    }

    /// <summary>The file of a bucket.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    internal string FileOf(int bucket) => FileOf(Path, bucket);

    /// <summary>The file of a bucket in a folder.</summary>
    internal static string FileOf(string folder, int bucket) => System.IO.Path.Combine(folder, FormattableString.Invariant($"bucket-{bucket:D5}.rsb"));

    /// <summary>Writes what a node has of a model.</summary>
    /// <param name="path">The folder, the same for all nodes or one for each, to be joined later.</param>
    /// <param name="node">Name of the node.</param>
    /// <param name="model">The model.</param>
    /// <param name="buckets">The buckets of the node.</param>
    /// <param name="chain">Number of the chain that a base begins, the same for all nodes; 0 writes a delta.</param>
    internal static void Write(string path, string node, ShardedModel model, IReadOnlyList<Bucket> buckets, ulong chain)
    {
        Directory.CreateDirectory(path);
        ModelFile.Write(path, model);
        if (buckets.Count == 0)
            return;
        if (chain == 0 && (buckets.Any(b => b.Link.Chain == 0) || buckets.Select(b => b.Link).Distinct().Count() > 1))
            throw new ShardException(ShardErrorKind.Conflict, $"The buckets of model '{model.Name}' on node '{node}' do not follow one snapshot; write a base first.");
        var link = chain == 0 ? buckets[0].Link.Next : new ChainLink(chain, 0);
        foreach (var bucket in buckets)
        {
            if (chain == 0)
                bucket.WriteDelta(FileOf(path, bucket.Number));
            else
                bucket.WriteWhole(FileOf(path, bucket.Number), chain);
        }

        SealedJson.Write(System.IO.Path.Combine(path, $"node-{node}.json"), new SnapshotManifest
        {
            Node = node,
            Model = Hex(model.Id),
            Chain = Hex(link.Chain),
            Number = link.Number,
            Buckets = [.. buckets.Select(b => b.Number)],
        });
    }

    private static string Hex(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);

    private static (ChainLink Link, List<int> Buckets) Join(string path, ShardedModel model)
    {
        ChainLink? link = null;
        Dictionary<int, string> buckets = [];
        foreach (string file in Directory.EnumerateFiles(path, "node-*.json").Order(StringComparer.Ordinal))
        {
            var manifest = SealedJson.Read<SnapshotManifest>(file);
            if (manifest.Version != SnapshotManifest.CurrentVersion)
                throw new InvalidDataException($"{file}: format version {manifest.Version} is not supported; valid: {SnapshotManifest.CurrentVersion}.");
            if (manifest.Model != Hex(model.Id))
                throw new InvalidDataException($"{file}: it is of another model than {ModelFile.Name} beside it.");
            var own = new ChainLink(ulong.Parse(manifest.Chain, NumberStyles.HexNumber, CultureInfo.InvariantCulture), manifest.Number);
            link ??= own;
            if (own != link)
                throw new InvalidDataException($"{file}: it belongs to another snapshot than the manifests before it (number {own.Number} of chain {manifest.Chain}).");
            foreach (int bucket in manifest.Buckets)
            {
                if (!buckets.TryAdd(bucket, file))
                    throw new InvalidDataException($"{file}: bucket {bucket} is in {buckets[bucket]} too.");
            }
        }

        return (link ?? throw new InvalidDataException($"{path}: there is no manifest (node-*.json); the snapshot is incomplete."), [.. buckets.Keys]);
    }
}
