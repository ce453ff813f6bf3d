using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>The requests that carry the rows of a mini-batch to their nodes, and the way of the answers back into it.</summary>
/// <remarks>
/// <para>Reusable buffers: one plan per request on its way. Not thread-safe.</para>
/// <para>The rows are cut into pieces, which are counted by bucket first and then put into place, both on several threads. A bucket has
/// the rows of a piece after those of the pieces before it, so the requests do not depend on the number of threads. All requests
/// are in one buffer and all answers in another, so that a place is one number whatever the node.</para>
/// </remarks>
internal sealed class RequestPlan
{
    // Some 50 µs of work.
    private const int RowsPerPiece = 1 << 12;

    private readonly RouteTable _routes;
    private readonly int _threadCount;
    private readonly int _bucketCount;
    private readonly NodeRequest[] _nodes;
    private readonly NodeRequest.Size[] _sizes;
    private readonly List<Piece> _pieces = [];
    private RowBatch[] _batches = [];
    private byte[] _requests = [];
    private byte[] _replies = [];

    // Per piece and bucket: the rows; then the place of the next key among all Int64 of the requests.
    private int[] _nextKey = [];

    // Per piece and bucket: what is to be added to the place of a key, times the width of its row, to have the place of its first
    // number among all Float32 of the requests or of the answers.
    private int[] _valueBase = [];

    // Per row: the place of its first number.
    private int[] _places = [];

    /// <summary>Creates a plan.</summary>
    /// <param name="routes">Where the buckets are.</param>
    /// <param name="threadCount">Threads to use.</param>
    public RequestPlan(RouteTable routes, int threadCount)
    {
        _routes = routes;
        _threadCount = threadCount;
        _bucketCount = routes.Model.BucketCount;
        _nodes = [.. Enumerable.Range(0, routes.NodeCount).Select(_ => new NodeRequest())];
        _sizes = new NodeRequest.Size[_nodes.Length];
    }

    /// <summary>Where the buckets were taken to be.</summary>
    public RouteTable Routes => _routes;

    /// <summary>One request per node; without entries where a node has none of the rows.</summary>
    public IReadOnlyList<NodeRequest> Nodes => _nodes;

    /// <summary>Indices of the nodes that have some of the rows.</summary>
    public IEnumerable<int> UsedNodes => Enumerable.Range(0, _nodes.Length).Where(n => !_nodes[n].IsEmpty);

    /// <summary>Writes the requests.</summary>
    /// <param name="batches">Distinct rows by table, at most one batch per table, ascending.</param>
    /// <param name="header">Kind, worker, sequence, step and rate; the rest is filled in.</param>
    public void Build(ReadOnlySpan<RowBatch> batches, ShardRequestHeader header)
    {
        bool isUpdate = header.Kind == (ushort)ShardRequestKind.Apply;
        _batches = batches.ToArray();
        Cut(isUpdate);
        Run(static (p, plan) => plan.Count(p));
        for (int n = 0; n < _nodes.Length; n++)
            _sizes[n] = Measure(_routes.BucketsOfNode[n], isUpdate);
        NodeRequest.Room(ref _requests, checked(_sizes.Sum(s => s.ByteCount) + (_nodes.Length * sizeof(long))));
        NodeRequest.Room(ref _replies, checked(_sizes.Sum(s => s.ReplyByteCount)));
        int start = 0;
        int replyStart = 0;
        for (int n = 0; n < _nodes.Length; n++)
        {
            Begin(n, _routes.Filled(header), start, replyStart);
            start += _sizes[n].ByteCount;
            replyStart += _sizes[n].ReplyByteCount;

            // Keys begin at multiples of 8.
            start += start & sizeof(float);
        }

        if (isUpdate)
            Run(static (p, plan) => plan.Place(p, plan._batches[plan._pieces[p].Batch].Gradients));
        else
            Run(static (p, plan) => plan.Place(p, []));
    }

    /// <summary>Copies the answers into the batches.</summary>
    public void Scatter() => Run(static (p, plan) => plan.Scatter(p));

    private void Run(Action<int, RequestPlan> job)
        => ParallelJobs.Run(_pieces.Count, _pieces.Count > 0 && _pieces[^1].FirstPlace < RowsPerPiece ? 1 : _threadCount, this, job);

    private void Cut(bool isUpdate)
    {
        _pieces.Clear();
        int rows = 0;
        for (int b = 0; b < _batches.Length; b++)
        {
            // Made here, so that no two threads make it.
            if (isUpdate)
                _ = _batches[b].Gradients;
            for (int first = 0; first < _batches[b].Count; first += RowsPerPiece)
            {
                int count = Math.Min(RowsPerPiece, _batches[b].Count - first);
                _pieces.Add(new Piece(b, first, count, rows));
                rows = checked(rows + count);
            }
        }

        Room(ref _nextKey, checked(_pieces.Count * _bucketCount));
        Room(ref _valueBase, _pieces.Count * _bucketCount);
        Room(ref _places, rows);
    }

    private void Count(int p)
    {
        var piece = _pieces[p];
        var batch = _batches[piece.Batch];
        var buckets = _routes.Model.BucketsOf(batch.Table);
        var counts = _nextKey.AsSpan(p * _bucketCount, _bucketCount);
        counts.Clear();
        foreach (long row in batch.Rows.Slice(piece.First, piece.Count))
            counts[buckets.BucketOf(row)]++;
    }

    private NodeRequest.Size Measure(int[] buckets, bool isUpdate)
    {
        int entryCount = 0;
        int keyCount = 0;
        int valueCount = 0;
        foreach (int bucket in buckets)
        {
            for (int p = 0; p < _pieces.Count;)
            {
                int batch = _pieces[p].Batch;
                int count = 0;
                for (; p < _pieces.Count && _pieces[p].Batch == batch; p++)
                    count += _nextKey[(p * _bucketCount) + bucket];
                entryCount += count > 0 ? 1 : 0;
                keyCount += count;
                valueCount = checked(valueCount + (count * _batches[batch].Width));
            }
        }

        return new NodeRequest.Size(entryCount, keyCount, checked(valueCount * sizeof(float)), isUpdate);
    }

    private void Begin(int node, ShardRequestHeader header, int start, int replyStart)
    {
        var size = _sizes[node];
        var entries = _nodes[node].Begin(header, size, _requests, start, _replies, replyStart);
        int key = (start + size.KeysAt) / sizeof(long);
        int value = (size.IsWrite ? start + size.BlocksAt : replyStart) / sizeof(float);
        int entry = 0;
        foreach (int bucket in _routes.BucketsOfNode[node])
        {
            for (int p = 0; p < _pieces.Count;)
            {
                int batch = _pieces[p].Batch;
                int width = _batches[batch].Width;
                int firstKey = key;
                for (; p < _pieces.Count && _pieces[p].Batch == batch; p++)
                {
                    ref int next = ref _nextKey[(p * _bucketCount) + bucket];
                    int count = next;
                    next = key;
                    _valueBase[(p * _bucketCount) + bucket] = value - (key * width);
                    key += count;
                    value += count * width;
                }

                if (key > firstKey)
                    entries[entry++] = new ShardRequest.RawEntry(bucket, _batches[batch].Table, key - firstKey, 0);
            }
        }
    }

    private void Place(int p, ReadOnlySpan<float> gradients)
    {
        var piece = _pieces[p];
        var batch = _batches[piece.Batch];
        int width = batch.Width;
        var buckets = _routes.Model.BucketsOf(batch.Table);
        var rows = batch.Rows.Slice(piece.First, piece.Count);
        var places = _places.AsSpan(piece.FirstPlace, rows.Length);
        var nextKey = _nextKey.AsSpan(p * _bucketCount, _bucketCount);
        var valueBase = _valueBase.AsSpan(p * _bucketCount, _bucketCount);
        var keys = MemoryMarshal.Cast<byte, long>(_requests.AsSpan());
        for (int i = 0; i < rows.Length; i++)
        {
            int bucket = buckets.BucketOf(rows[i]);
            int key = nextKey[bucket]++;
            keys[key] = buckets.KeyOf(rows[i]);
            places[i] = valueBase[bucket] + (key * width);
        }

        if (gradients.IsEmpty)
            return;
        gradients = gradients.Slice(piece.First * width, piece.Count * width);
        var blocks = MemoryMarshal.Cast<byte, float>(_requests.AsSpan());
        for (int i = 0; i < places.Length; i++)
            gradients.Slice(i * width, width).CopyTo(blocks[places[i]..]);
    }

    private void Scatter(int p)
    {
        var piece = _pieces[p];
        var batch = _batches[piece.Batch];
        int width = batch.Width;
        var values = batch.Values.Slice(piece.First * width, piece.Count * width);
        var replies = MemoryMarshal.Cast<byte, float>(_replies.AsSpan());
        var places = _places.AsSpan(piece.FirstPlace, piece.Count);
        for (int i = 0; i < places.Length; i++)
            replies.Slice(places[i], width).CopyTo(values[(i * width)..]);
    }

    private static void Room(ref int[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<int>(Math.Max(length, 2 * buffer.Length));
    }

    /// <summary>Some rows of a batch.</summary>
    /// <param name="Batch">Index of the batch.</param>
    /// <param name="First">The first row in it.</param>
    /// <param name="Count">Rows.</param>
    /// <param name="FirstPlace">Number of the first row among those of all batches.</param>
    private readonly record struct Piece(int Batch, int First, int Count, int FirstPlace);
}
