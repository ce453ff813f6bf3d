using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster;

/// <summary>The buckets of one model on one node.</summary>
/// <remarks>
/// Thread-safe. Updates go one after the other, and each uses several threads; reads go beside them, bucket by bucket, so a row is never
/// read half updated.
/// </remarks>
public sealed class Shard : IDisposable
{
    // Below this many numbers the start of a second thread costs more than it saves.
    private const int ParallelNumbers = 1 << 15;

    private readonly Lock _writer = new();
    private readonly Bucket?[] _buckets;

    private Shard(ShardedModel model, IEnumerable<int> buckets, Func<int, Bucket> create)
    {
        Model = model;
        _buckets = new Bucket?[model.BucketCount];
        try
        {
            foreach (int bucket in buckets)
                _buckets[bucket] = create(bucket);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <summary>Changes when the rows go back to a snapshot; requests of another generation are refused.</summary>
    public ulong Generation { get; private set; } = 1;

    /// <summary>Numbers of the buckets that are here.</summary>
    public IReadOnlyList<int> Buckets => [.. _buckets.OfType<Bucket>().Select(b => b.Number)];

    /// <summary>Bytes of rows, masks and the optimiser's state.</summary>
    public long ByteCount => _buckets.Sum(b => b?.ByteCount ?? 0);

    /// <summary>Threads that one request may use.</summary>
    /// <value>The number of processors by default.</value>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Creates buckets with the first values of their rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="buckets">Numbers of the buckets.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public static Shard Create(ShardedModel model, IEnumerable<int> buckets) => new(model, buckets, b => Bucket.Create(model, b));

    /// <summary>Reads buckets from snapshots.</summary>
    /// <param name="snapshots">A base, and the deltas that follow it, in order.</param>
    /// <param name="buckets">Numbers of the buckets.</param>
    /// <exception cref="InvalidDataException">A file is missing or damaged, or does not follow the one before; the message names it.</exception>
    public static Shard Load(IReadOnlyList<SnapshotFolder> snapshots, IEnumerable<int> buckets)
    {
        var model = snapshots[0].Model;
        return new Shard(model, buckets, number =>
        {
            var bucket = Bucket.Read(model, number, snapshots[0].FileOf(number));
            try
            {
                foreach (var delta in snapshots.Skip(1))
                    bucket.ReadDelta(delta.FileOf(number));
                return bucket;
            }
            catch
            {
                bucket.Dispose();
                throw;
            }
        });
    }

    /// <summary>Reads rows.</summary>
    /// <param name="request">A gather.</param>
    /// <param name="reply">Receives the values, [<see cref="ShardRequest.ReplyByteCount"/>].</param>
    /// <exception cref="ShardException">The request is of another generation, or a bucket is not here.</exception>
    public void Gather(ShardRequest request, Span<byte> reply)
    {
        Check(request);
        SpanJobs.Write(
            Ranges(request, out var ranges),
            Threads(request),
            MemoryMarshal.Cast<byte, float>(reply[..request.ReplyByteCount]),
            (Shard: this, Request: request, Ranges: ranges),
            static (i, span, s) => s.Shard.BucketOf(s.Request, s.Ranges[i]).Gather(s.Request, s.Request.Entries[s.Ranges[i]], span));
    }

    /// <summary>A step of the optimiser. A bucket that has seen the update before is passed over, so an update can be sent again.</summary>
    /// <param name="request">An update.</param>
    /// <exception cref="ShardException">The request is of another generation, or a bucket is not here; then nothing has been changed.</exception>
    public void Apply(ShardRequest request)
    {
        lock (_writer)
        {
            Check(request);
            ParallelJobs.Run(
                Ranges(request, out var ranges),
                Threads(request),
                (Shard: this, Request: request, Ranges: ranges),
                static (i, s) => s.Shard.BucketOf(s.Request, s.Ranges[i]).Apply(s.Request, s.Request.Entries[s.Ranges[i]]));
        }
    }

    /// <summary>Writes a base: all rows as they are, bucket after bucket. Updates may go on, and are then in some buckets and not in others.</summary>
    /// <param name="folder">Folder of the snapshot.</param>
    /// <param name="node">Name of this node.</param>
    /// <param name="chain">Number of the chain that it begins, the same on all nodes; not 0.</param>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void WriteBase(string folder, string node, ulong chain)
    {
        ArgumentOutOfRangeException.ThrowIfZero(chain);
        SnapshotFolder.Write(folder, node, Model, [.. _buckets.OfType<Bucket>()], chain);
    }

    /// <summary>Writes the rows that have changed since the last base or delta.</summary>
    /// <param name="folder">Folder of the snapshot.</param>
    /// <param name="node">Name of this node.</param>
    /// <exception cref="ShardException">There is no base that the buckets follow.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; a new base has to be written.</exception>
    public void WriteDelta(string folder, string node) => SnapshotFolder.Write(folder, node, Model, [.. _buckets.OfType<Bucket>()], chain: 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var bucket in _buckets)
            bucket?.Dispose();
    }

    private void Check(ShardRequest request)
    {
        if (request.Header.Generation != Generation)
            throw new ShardException(ShardErrorKind.Conflict, $"The request is of generation {request.Header.Generation} of model '{Model.Name}'; the rows here are of generation {Generation}.");
        foreach (var entry in request.Entries)
        {
            if (_buckets[entry.Bucket] is null)
                throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {entry.Bucket} of model '{Model.Name}' is not on this node.");
        }
    }

    private Bucket BucketOf(ShardRequest request, Range range) => _buckets[request.Entries[range.Start].Bucket]!;

    private int Threads(ShardRequest request) => request.ValueCount < ParallelNumbers ? 1 : ThreadCount;

    // The entries of each bucket: a job each.
    private static int Ranges(ShardRequest request, out List<Range> ranges)
    {
        ranges = [];
        var entries = request.Entries;
        for (int first = 0, i = 1; i <= entries.Length; i++)
        {
            if (i < entries.Length && entries[i].Bucket == entries[first].Bucket)
                continue;
            ranges.Add(first..i);
            first = i;
        }

        return ranges.Count;
    }
}
