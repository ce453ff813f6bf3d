using System.Collections.Concurrent;
using System.Security.Cryptography;
using RecSys.Cluster.Buckets;
using RecSys.Cluster.Log;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Storage;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster;

/// <summary>The buckets of one model on one node.</summary>
/// <remarks>
/// Thread-safe. Updates go one after the other, and each uses several threads; reads go beside them, bucket by bucket, so a row is never
/// read half updated.
/// </remarks>
public sealed partial class Shard : IDisposable
{
    // Below this many bytes the start of a second thread costs more than it saves.
    private const int ParallelBytes = 1 << 17;

    private readonly Lock _writer = new();
    private readonly Lock _persisting = new();
    private readonly Bucket?[] _buckets;
    private readonly ConcurrentDictionary<int, Bucket> _leaving = [];
    private readonly ConcurrentDictionary<int, (Bucket Bucket, long Read)> _copies = [];
    private readonly ulong _generation;
    private StorageOptions? _storage;
    private ShardFolder? _folder;
    private int _isFolding;

    private Shard(ShardedModel model, IEnumerable<int> buckets, ulong generation, Func<int, Bucket> create)
    {
        Model = model;
        _generation = generation;
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
    public ulong Generation => _folder?.Record.Generation ?? _generation;

    /// <summary>What it has.</summary>
    public ShardState State => new(Model.Id, Generation, Buckets, [.. _leaving.Keys], ByteCount)
    {
        Copies = Copies,
        Growing = [.. Kept.SelectMany(b => b.Growing).GroupBy(t => t.Table).Select(t => t.Aggregate((all, part) => all.Plus(part)))],
    };

    /// <summary>Numbers of the buckets that are here.</summary>
    public IReadOnlyList<int> Buckets => [.. _buckets.OfType<Bucket>().Select(b => b.Number)];

    /// <summary>Bytes of rows, masks and the optimiser's state.</summary>
    public long ByteCount => Kept.Concat(_copies.Values.Select(c => c.Bucket)).Sum(b => b.ByteCount);

    /// <summary>Threads that one request may use.</summary>
    /// <value>The number of processors by default.</value>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Creates buckets with the first values of their rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="buckets">Numbers of the buckets.</param>
    /// <param name="generation">Number of the generation, at least 1.</param>
    /// <param name="storage">The node's folder, where what there is of a model of this name is removed; null keeps the rows in memory only.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    /// <exception cref="IOException">The disk cannot be written.</exception>
    public static Shard Create(ShardedModel model, IReadOnlyList<int> buckets, ulong generation = 1, StorageOptions? storage = null)
    {
        var shard = new Shard(model, buckets, generation, b => Bucket.Create(model, b));
        if (storage is null)
            return shard;
        try
        {
            shard._storage = storage;
            shard._folder = ShardFolder.Create(Path.Combine(storage.Folder, model.Name), model, [.. buckets.Order()], generation, storage.Durability);
            return shard;
        }
        catch
        {
            shard.Dispose();
            throw;
        }
    }

    /// <summary>A number for rows that begin anew: random, so that what is still on its way to rows of the same name before is refused.</summary>
    public static ulong NewGeneration() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 1 | 1;

    /// <summary>Reads rows.</summary>
    /// <param name="request">A request that reads.</param>
    /// <param name="reply">Receives the answer, [<see cref="ShardRequest.ReplyByteCount"/>].</param>
    /// <exception cref="ShardException">The request is of another generation, or a bucket is not here.</exception>
    public void Read(ShardRequest request, Span<byte> reply)
    {
        Check(request);
        SpanJobs.Write(
            Ranges(request, out var ranges),
            Threads(request),
            reply[..request.ReplyByteCount],
            (Shard: this, Request: request, Ranges: ranges),
            static (i, span, s) => s.Shard.Readable(s.Request.Entries[s.Ranges[i].Start].Bucket).Read(s.Request, s.Request.Entries[s.Ranges[i]], span));
    }

    /// <summary>
    /// A step of the optimiser, or rows put into place; it ends when it is as durable as the storage promises. A bucket that has seen the
    /// update before is passed over, so an update can be sent again.
    /// </summary>
    /// <param name="request">A request that writes.</param>
    /// <param name="cancellation">Gives up waiting; the update is applied nevertheless.</param>
    /// <exception cref="ShardException">The request is of another generation, or a bucket is not here; then nothing has been changed.</exception>
    /// <exception cref="IOException">The log cannot be written; the update may be lost.</exception>
    public ValueTask WriteAsync(ShardRequest request, CancellationToken cancellation = default)
    {
        WriteAheadLog? log;
        long lsn = 0;
        lock (_writer)
        {
            Check(request);
            log = _folder?.Log;
            if (log is not null)
                lsn = log.Append(request.Bytes.Span, []);
            Update(request);
        }

        if (log is null)
            return ValueTask.CompletedTask;
        if (log.ByteCount > _storage!.CompactLogBytes && Interlocked.Exchange(ref _isFolding, 1) == 0)
            _ = Task.Run(Fold, CancellationToken.None);
        return log.WhenDurable(lsn, cancellation);
    }

    /// <summary>Frees the rows. What is not on disk is lost, as in a crash; see <see cref="Close"/>.</summary>
    public void Dispose()
    {
        foreach (var bucket in Kept)
            bucket.Dispose();
        foreach ((var bucket, _) in _copies.Values)
            bucket.Dispose();
        _folder?.Dispose();
    }

    private void Update(ShardRequest request) => ParallelJobs.Run(
        Ranges(request, out var ranges),
        Threads(request),
        (Shard: this, Request: request, Ranges: ranges),
        static (i, s) => s.Shard._buckets[s.Request.Entries[s.Ranges[i].Start].Bucket]?.Write(s.Request, s.Request.Entries[s.Ranges[i]]));

    // With those that are on their way to another node.
    private IEnumerable<Bucket> Kept => _buckets.OfType<Bucket>().Concat(_leaving.Values);

    private void Check(ShardRequest request)
    {
        if (request.Header.Generation != Generation)
            throw new ShardException(ShardErrorKind.Conflict, $"The request is of generation {request.Header.Generation} of model '{Model.Name}'; the rows here are of generation {Generation}.");
        foreach (var entry in request.Entries)
            _ = request.IsWrite ? Owned(entry.Bucket) : Readable(entry.Bucket);
    }

    private Bucket Owned(int bucket)
        => Find(bucket) ?? throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {bucket} of model '{Model.Name}' is {(_copies.ContainsKey(bucket) ? "a copy" : "not")} on this node.");

    // A bucket may go while others of the request are read.
    private Bucket Readable(int bucket) => _buckets[bucket] ?? (_copies.TryGetValue(bucket, out var copy) ? copy.Bucket : Owned(bucket));

    private int Threads(ShardRequest request) => request.BlockByteCount < ParallelBytes ? 1 : ThreadCount;

    // The entries of each bucket, which are a job. In a log there may be buckets that have moved away since.
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
