using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Buckets;

/// <summary>
/// Some rows of every table of a model, with the state of their optimiser: the unit of placement, snapshot and migration. It knows
/// nothing of hosts and transports.
/// </summary>
/// <remarks>Thread-safe: one call at a time goes through.</remarks>
internal sealed partial class Bucket : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ShardedModel _model;
    private readonly SparseOptimizer _optimizer;
    private readonly BucketPart?[] _parts;
    private readonly SortedDictionary<ulong, ulong> _sequences = [];
    private bool _isDisposed;

    private Bucket(ShardedModel model, int number, bool isFilled)
    {
        _model = model;
        Number = number;
        _optimizer = model.CreateOptimizer();
        _parts = new BucketPart?[model.Tables.Count];
        try
        {
            for (int t = 0; t < _parts.Length; t++)
            {
                if (model.BucketsOf(t).RowCountOf(number) > 0)
                    _parts[t] = BucketPart.Create(model, t, number, _optimizer, isFilled);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>Bytes of rows, masks, the optimiser's state, and of what finds and chooses the ids of growing tables.</summary>
    public long ByteCount => _parts.Sum(p => p?.ByteCount ?? 0);

    /// <summary>What became of the ids of growing tables.</summary>
    public IReadOnlyList<GrowingState> Growing
    {
        get
        {
            // Buckets of other models need not wait for who changes them.
            if (!_parts.Any(p => p is GrowingPart))
                return [];
            lock (_lock)
                return [.. _parts.OfType<GrowingPart>().Select(p => p.State)];
        }
    }

    /// <summary>Creates a bucket with the first values of its rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="number">Number of the bucket.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public static Bucket Create(ShardedModel model, int number) => new(model, number, isFilled: true);

    /// <summary>Reads rows.</summary>
    /// <param name="request">A request that reads.</param>
    /// <param name="entries">Entries of it, all of this bucket.</param>
    /// <param name="reply">The whole answer.</param>
    public void Read(ShardRequest request, ReadOnlySpan<ShardEntry> entries, Span<byte> reply)
    {
        lock (_lock)
        {
            ThrowIfMoved();
            foreach (ref readonly var entry in entries)
            {
                var block = request.Room(entry, reply);
                if (request.Kind == ShardRequestKind.Gather)
                    _parts[entry.Table]!.Gather(request.Keys(entry), MemoryMarshal.Cast<byte, float>(block));
                else
                    Fixed(entry.Table).Export(request.Keys(entry), block, request.StatesAt(entry));
            }
        }
    }

    /// <summary>Changes rows, unless the bucket has done so before: an update that it knows, or one that a later one has overtaken, is passed over.</summary>
    /// <param name="request">A request that writes.</param>
    /// <param name="entries">Entries of it, all of this bucket.</param>
    public void Write(ShardRequest request, ReadOnlySpan<ShardEntry> entries)
    {
        lock (_lock)
        {
            ThrowIfMoved();
            var header = request.Header;
            if (_sequences.GetValueOrDefault(header.Worker) >= header.Sequence)
                return;
            _sequences[header.Worker] = header.Sequence;
            _optimizer.LearningRate = header.LearningRate;
            _optimizer.StepCount = header.Step - 1;
            _optimizer.BeginStep();
            foreach (ref readonly var entry in entries)
            {
                if (request.Kind == ShardRequestKind.Apply)
                    _parts[entry.Table]!.Update(_optimizer, request.Keys(entry), request.Gradients(entry));
                else
                    Fixed(entry.Table).Import(request.Keys(entry), request.Rows(entry));
            }
        }
    }

    /// <summary>Frees the rows; whoever comes later is told that the bucket is not here.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var part in _parts)
                part?.Dispose();
        }
    }

    // Requests for rows as they are kept name no others.
    private FixedPart Fixed(int table) => (FixedPart)_parts[table]!;

    private void ThrowIfMoved()
    {
        if (_isDisposed)
            throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {Number} of model '{_model.Name}' is not on this node any more.");
    }
}
