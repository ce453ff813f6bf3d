using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>Carries whole tables, with the state of their optimiser, between nodes and this process, in requests of some megabytes.</summary>
/// <param name="routes">Where the buckets are.</param>
internal sealed class TableTransfer(RouteTable routes)
{
    private const long PieceByteCount = 4 << 20;
    private readonly ShardedModel _model = routes.Model;

    /// <summary>The requests that carry rows from or to a node.</summary>
    /// <param name="node">Index of the node.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="part">The rows: the whole table or consecutive rows of it.</param>
    public IEnumerable<IReadOnlyList<Run>> Pieces(int node, int table, TableSpec part)
    {
        List<Run> piece = [];
        long room = PieceByteCount;
        int rowByteCount = (int)_model.BlockByteCount(table, 1, isRaw: true) + sizeof(long);
        foreach (int bucket in routes.BucketsOfNode[node])
        {
            long first = _model.BucketsOf(table).PlaceFrom(bucket, part.Numbers.First);
            long end = _model.BucketsOf(table).PlaceFrom(bucket, part.Numbers.First + part.RowCount);
            while (first < end)
            {
                int count = (int)Math.Clamp(room / rowByteCount, 1, end - first);
                piece.Add(new Run(bucket, first, count));
                first += count;
                room -= (long)count * rowByteCount;
                if (room >= rowByteCount)
                    continue;
                yield return piece;
                piece = [];
                room = PieceByteCount;
            }
        }

        if (piece.Count > 0)
            yield return piece;
    }

    /// <summary>Writes a request.</summary>
    /// <param name="request">Receives it.</param>
    /// <param name="header">Kind, worker, sequence and step.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="piece">The rows.</param>
    /// <param name="rows">The table or the part of it, for an import.</param>
    public void Build(NodeRequest request, ShardRequestHeader header, int table, IReadOnlyList<Run> piece, RowTable? rows)
    {
        bool isWrite = rows is not null;
        int keyCount = piece.Sum(r => r.Count);
        long blocks = piece.Sum(r => _model.BlockByteCount(table, r.Count, isRaw: true));
        var entries = request.Begin(routes.Filled(header), new NodeRequest.Size(piece.Count, keyCount, checked((int)blocks), isWrite));
        int key = 0;
        int block = 0;
        for (int i = 0; i < piece.Count; i++)
        {
            var run = piece[i];
            entries[i] = new ShardRequest.RawEntry(run.Bucket, table, run.Count, 0);
            var keys = request.Keys.Slice(key, run.Count);
            for (int k = 0; k < keys.Length; k++)
                keys[k] = run.First + k;
            key += run.Count;
            int byteCount = (int)_model.BlockByteCount(table, run.Count, isRaw: true);
            if (rows is not null)
                RawRowCopy.Export(rows, RowsOf(table, run, rows), request.Blocks.Slice(block, byteCount), (int)_model.RawRowsByteCount(table, run.Count));
            block += byteCount;
        }
    }

    /// <summary>Puts an answer into the table.</summary>
    /// <param name="request">The request, with its answer.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="piece">The rows.</param>
    /// <param name="rows">The table or the part of it.</param>
    public void Scatter(NodeRequest request, int table, IReadOnlyList<Run> piece, RowTable rows)
    {
        var reply = request.Reply.Span;
        foreach (var run in piece)
        {
            int byteCount = (int)_model.BlockByteCount(table, run.Count, isRaw: true);
            int states = (int)_model.RawRowsByteCount(table, run.Count);
            RawRowCopy.Import(rows, RowsOf(table, run, rows), new ShardRequest.RawRows(reply[..states], MemoryMarshal.Cast<byte, float>(reply[states..byteCount])));
            reply = reply[byteCount..];
        }
    }

    // Their rows in the part of the table that is at hand.
    private long[] RowsOf(int table, Run run, RowTable part)
    {
        var numbers = _model.BucketsOf(table).PartOf(run.Bucket).Numbers;
        long[] rows = new long[run.Count];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = numbers.Of(run.First + i) - part.Spec.Numbers.First;
        return rows;
    }

    /// <summary>Consecutive places of a bucket.</summary>
    /// <param name="Bucket">Number of the bucket.</param>
    /// <param name="First">The first place.</param>
    /// <param name="Count">Places.</param>
    public readonly record struct Run(int Bucket, long First, int Count);
}
