using System.Runtime.InteropServices;
using RecSys.Cluster.Requests;

namespace RecSys.Cluster.Client;

/// <summary>A request whose buckets have moved, cut into requests to the nodes where they are now.</summary>
internal sealed class Rerouting
{
    private readonly NodeRequest _whole;
    private readonly List<(int Node, NodeRequest Request, List<(int At, int ByteCount)> Blocks)> _parts = [];

    /// <summary>Cuts a request.</summary>
    /// <param name="whole">The request, as it was refused.</param>
    /// <param name="routes">Where the buckets are now.</param>
    public Rerouting(NodeRequest whole, RouteTable routes)
    {
        _whole = whole;
        var header = MemoryMarshal.Read<ShardRequestHeader>(whole.Request.Span);
        using var request = ShardRequest.Parse(whole.Request, routes.Model, (ShardRequestKind)header.Kind);
        bool isWrite = request.ReplyByteCount == 0;
        foreach (var ofNode in request.Entries.ToArray().GroupBy(e => routes.NodeOf(e.Bucket)))
        {
            var part = new NodeRequest();
            List<(int At, int ByteCount)> blocks = [.. ofNode.Select(e => (e.FirstByte, request.BlockByteCountOf(e)))];
            var entries = part.Begin(routes.Filled(header), new NodeRequest.Size(ofNode.Count(), ofNode.Sum(e => e.Count), blocks.Sum(b => b.ByteCount), isWrite));
            int at = 0;
            int key = 0;
            int block = 0;
            foreach (var entry in ofNode)
            {
                entries[at++] = new ShardRequest.RawEntry(entry.Bucket, entry.Table, entry.Count, 0);
                request.Keys(entry).CopyTo(part.Keys[key..]);
                key += entry.Count;
                if (!isWrite)
                    continue;
                request.Block(entry).CopyTo(part.Blocks[block..]);
                block += request.BlockByteCountOf(entry);
            }

            _parts.Add((ofNode.Key, part, blocks));
        }
    }

    /// <summary>The requests and the indices of their nodes.</summary>
    public IEnumerable<(int Node, NodeRequest Request)> Parts => _parts.Select(p => (p.Node, p.Request));

    /// <summary>Puts the answers together to that of the whole request.</summary>
    public void Join()
    {
        foreach ((_, var request, var blocks) in _parts)
        {
            var reply = request.Reply.Span;
            foreach ((int at, int byteCount) in reply.IsEmpty ? [] : blocks)
            {
                reply[..byteCount].CopyTo(_whole.Reply.Span[at..]);
                reply = reply[byteCount..];
            }
        }
    }
}
