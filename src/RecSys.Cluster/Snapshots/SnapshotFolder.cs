using System.Globalization;
using RecSys.Cluster.Buckets;
using RecSys.Cluster.Log;
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

    /// <summary>Writes a snapshot of a model while it is trained and read, node beside node.</summary>
    /// <remarks>Updates go on, and are then in some buckets and not in others; a trainer that wants one state waits for its updates.</remarks>
    /// <param name="path">The folder.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="chain">Number of the chain that a base begins; 0 writes a delta: the rows that have changed since the last snapshot or copy.</param>
    /// <param name="cancellation">Gives up; then the next snapshot has to be a base.</param>
    /// <exception cref="ShardException">No node knows the model, or there is no base that all buckets follow.</exception>
    /// <exception cref="IOException">A node cannot be reached, or the disk cannot be written; then the next snapshot has to be a base.</exception>
    public static async Task<SnapshotFolder> WriteAsync(string path, IReadOnlyList<IShardNode> nodes, string model, ulong chain, CancellationToken cancellation = default)
    {
        var states = await Task.WhenAll(nodes.Select(n => n.FindAsync(model, cancellation))).ConfigureAwait(false);
        var holders = nodes.Zip(states, (Node, State) => (Node, Buckets: State?.Buckets ?? [])).Where(h => h.Buckets.Count > 0).ToList();
        if (holders.Count == 0)
            throw new ShardException(ShardErrorKind.NotFound, $"No node has a model '{model}'.");
        var described = await holders[0].Node.DescribeAsync(model, cancellation).ConfigureAwait(false);
        DirectorySync.Create(System.IO.Path.GetFullPath(path));
        ModelFile.Write(path, described);
        var links = await Task.WhenAll(holders.Select(h => Task.Run(() => CopyAsync(path, h.Node, described, h.Buckets, chain, cancellation), cancellation))).ConfigureAwait(false);
        if (links.SelectMany(l => l).Distinct().Count() > 1)
            throw new ShardException(ShardErrorKind.Conflict, $"The buckets of model '{model}' do not follow one snapshot; write a base first.");
        foreach ((var node, var buckets) in holders)
        {
            SealedJson.Write(System.IO.Path.Combine(path, $"node-{node.Name}.json"), new SnapshotManifest
            {
                Node = node.Name,
                Model = Hex(described.Id),
                Chain = Hex(links[0][0].Chain),
                Number = links[0][0].Number,
                Buckets = [.. buckets],
            });
        }

        return Open(path);
    }

    /// <summary>Puts a model with the rows of snapshots on nodes, in the place of what they have of a model of this name.</summary>
    /// <param name="chain">A base, and the deltas that follow it, in order.</param>
    /// <param name="nodes">The nodes, any number.</param>
    /// <param name="pins">See <see cref="Placement.Place"/>.</param>
    /// <param name="cancellation">Gives up; the nodes then have nothing of the model.</param>
    /// <exception cref="InvalidDataException">A file is missing or damaged, or does not follow the one before; the message names it, and the nodes
    /// have nothing of the model.</exception>
    /// <exception cref="ShardException">A node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public static async Task RestoreAsync(
        IReadOnlyList<SnapshotFolder> chain, IReadOnlyList<IShardNode> nodes, IReadOnlyDictionary<int, string>? pins = null, CancellationToken cancellation = default)
    {
        var model = chain[0].Model;
        ulong generation = Shard.NewGeneration();
        int[] placed = Placement.Place(model.Name, model.BucketCount, [.. nodes.Select(n => n.Name)], pins);
        string folder = Directory.CreateTempSubdirectory("recsys-restore-").FullName;
        try
        {
            await Task.WhenAll(nodes.Select(n => n.CreateAsync(model, [], generation, cancellation))).ConfigureAwait(false);
            await Task.WhenAll(nodes.Select((node, n) => Task.Run(() => FillAsync(node, Enumerable.Range(0, placed.Length).Where(b => placed[b] == n)), cancellation))).ConfigureAwait(false);
        }
        catch
        {
            // Half of a model would look whole to some of its readers.
            await Task.WhenAll(nodes.Select(n => n.DeleteAsync(model.Name, CancellationToken.None))).ConfigureAwait(false);
            throw;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        async Task FillAsync(IShardNode node, IEnumerable<int> buckets)
        {
            foreach (int number in buckets)
            {
                string path = FileOf(folder, number);
                using (var bucket = Bucket.Read(model, number, chain[0].FileOf(number)))
                {
                    foreach (var delta in chain.Skip(1))
                        bucket.ReadDelta(delta.FileOf(number));
                    bucket.WriteWhole(path);
                }

                await node.AttachAsync(model.Name, number, path, cancellation).ConfigureAwait(false);
                File.Delete(path);
            }
        }
    }

    private static async Task<IReadOnlyList<ChainLink>> CopyAsync(string path, IShardNode node, ShardedModel model, IReadOnlyList<int> buckets, ulong chain, CancellationToken cancellation)
    {
        List<ChainLink> links = [];
        foreach (int bucket in buckets)
        {
            string file = FileOf(path, bucket);
            string temporary = file + ".tmp";
            try
            {
                await node.CopyAsync(model.Name, bucket, chain, temporary, cancellation).ConfigureAwait(false);
                using (var reader = BucketFileReader.Open(temporary, model))
                    links.Add(reader.Header.Link);
                using (var written = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite))
                    RandomAccess.FlushToDisk(written);
                File.Move(temporary, file, overwrite: true);
            }
            catch (InvalidDataException e)
            {
                throw new IOException($"Node '{node.Name}' has sent a file that cannot be read: {e.Message}", e);
            }
            finally
            {
                File.Delete(temporary);
            }
        }

        DirectorySync.Flush(path);
        return links;
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
