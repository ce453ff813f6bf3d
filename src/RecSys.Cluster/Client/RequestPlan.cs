using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>The requests that carry the rows of a mini-batch to their nodes, and the way of the answers back into it.</summary>
/// <remarks>Reusable buffers: one plan per request on its way. Not thread-safe.</remarks>
internal sealed class RequestPlan
{
    private readonly RouteTable _routes;
    private readonly int _threadCount;
    private readonly NodeRequest[] _nodes;
    private RowBatch[] _batches = [];

    // Per bucket and batch, in this order: the next key, and the first number of key 0 if it were there.
    private int[] _nextKey = [];
    private int[] _valueBase = [];

    // Per batch and row: the place of its first number among those of its node.
    private int[][] _places = [];

    /// <summary>Creates a plan.</summary>
    /// <param name="routes">Where the buckets are.</param>
    /// <param name="threadCount">Threads to use.</param>
    public RequestPlan(RouteTable routes, int threadCount)
    {
        _routes = routes;
        _threadCount = threadCount;
        _nodes = [.. Enumerable.Range(0, routes.NodeCount).Select(_ => new NodeRequest())];
    }

    /// <summary>Where the buckets were taken to be.</summary>
    public RouteTable Routes => _routes;

    /// <summary>One request per node; without entries where a node has none of the rows.</summary>
    public IReadOnlyList<NodeRequest> Nodes => _nodes;

    /// <summary>Writes the requests.</summary>
    /// <param name="batches">Distinct rows by table, at most one batch per table, ascending.</param>
    /// <param name="header">Kind, worker, sequence, step and rate; the rest is filled in.</param>
    public void Build(ReadOnlySpan<RowBatch> batches, ShardRequestHeader header)
    {
        _batches = batches.ToArray();
        if (_places.Length < _batches.Length)
            Array.Resize(ref _places, _batches.Length);
        int cells = _routes.Model.BucketCount * _batches.Length;
        Room(ref _nextKey, cells).Clear();
        Room(ref _valueBase, cells);
        ParallelJobs.Run(_batches.Length, _threadCount, this, static (b, plan) => plan.Count(b));

        bool isUpdate = header.Kind == (ushort)ShardRequestKind.Apply;
        for (int n = 0; n < _nodes.Length; n++)
            Begin(_nodes[n], _routes.BucketsOfNode[n], header, isUpdate);
        ParallelJobs.Run(_batches.Length, _threadCount, (Plan: this, IsUpdate: isUpdate), static (b, s) => s.Plan.Place(b, s.IsUpdate));
    }

    /// <summary>Copies the answers into the batches.</summary>
    public void Scatter() => ParallelJobs.Run(_batches.Length, _threadCount, this, static (b, plan) => plan.Scatter(b));

    private void Count(int b)
    {
        var batch = _batches[b];
        ref readonly var buckets = ref _routes.Model.BucketsOf(batch.Table);
        foreach (long row in batch.Rows)
            _nextKey[(buckets.BucketOf(row) * _batches.Length) + b]++;
    }

    private void Begin(NodeRequest node, int[] buckets, ShardRequestHeader header, bool isUpdate)
    {
        int entryCount = 0;
        int keyCount = 0;
        int valueCount = 0;
        foreach (int bucket in buckets)
        {
            for (int b = 0; b < _batches.Length; b++)
            {
                int count = _nextKey[(bucket * _batches.Length) + b];
                entryCount += count > 0 ? 1 : 0;
                keyCount += count;
                valueCount += count * _batches[b].Width;
            }
        }

        var entries = node.Begin(_routes.Filled(header), entryCount, keyCount, valueCount * sizeof(float), isUpdate);
        int entry = 0;
        int key = 0;
        int value = 0;
        foreach (int bucket in buckets)
        {
            for (int b = 0; b < _batches.Length; b++)
            {
                ref int next = ref _nextKey[(bucket * _batches.Length) + b];
                int count = next;
                if (count == 0)
                    continue;
                entries[entry++] = new ShardRequest.RawEntry(bucket, _batches[b].Table, count, 0);
                next = key;
                _valueBase[(bucket * _batches.Length) + b] = value - (key * _batches[b].Width);
                key += count;
                value += count * _batches[b].Width;
            }
        }
    }

    private void Place(int b, bool isUpdate)
    {
        var batch = _batches[b];
        int width = batch.Width;
        ref readonly var buckets = ref _routes.Model.BucketsOf(batch.Table);
        var places = Room(ref _places[b], batch.Count);
        var rows = batch.Rows;
        var gradients = isUpdate ? batch.Gradients : default;
        for (int i = 0; i < rows.Length; i++)
        {
            int bucket = buckets.BucketOf(rows[i]);
            int cell = (bucket * _batches.Length) + b;
            int key = _nextKey[cell]++;
            var node = _nodes[_routes.NodeOf(bucket)];
            node.Keys[key] = buckets.PlaceOf(rows[i]);
            places[i] = _valueBase[cell] + (key * width);
            if (isUpdate)
                gradients.Slice(i * width, width).CopyTo(MemoryMarshal.Cast<byte, float>(node.Blocks)[places[i]..]);
        }
    }

    private void Scatter(int b)
    {
        var batch = _batches[b];
        int width = batch.Width;
        ref readonly var buckets = ref _routes.Model.BucketsOf(batch.Table);
        var rows = batch.Rows;
        var values = batch.Values;
        for (int i = 0; i < rows.Length; i++)
            _nodes[_routes.NodeOf(buckets.BucketOf(rows[i]))].Values.Slice(_places[b][i], width).CopyTo(values[(i * width)..]);
    }

    private static Span<int> Room(ref int[] buffer, int length)
    {
        if (buffer is null || buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<int>(Math.Max(length, 2 * (buffer?.Length ?? 0)));
        return buffer.AsSpan(0, length);
    }
}
