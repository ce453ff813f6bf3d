using System.Numerics.Tensors;
using System.Text;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Training;

namespace RecSys.Serving.Requests;

/// <summary>Finds the ids whose vectors point in the direction of another's, by comparing with each.</summary>
internal static class NeighborSearch
{
    // The most frequent ids come first, so that what is left out of larger vocabularies is rare.
    private const int MostIds = 5_000_000;
    private const int BlockIds = 4096;
    private const int MostNeighbors = 100;

    /// <summary>Searches.</summary>
    /// <param name="version">The model.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">Something is not valid.</exception>
    public static NeighborsReply Run(ServedVersion version, NeighborsRequest request, CancellationToken cancellation)
    {
        if (version.Run.LiveRows is not null)
            throw Refusal.NotPossible("Neighbours are searched in whole tables, which are not here: the server reads its rows from the nodes of a cluster; valid: a server with rows: files.");
        var lookup = LookupHandler.Find(version.Run, request.Set);
        var field = FeatureLookup.FieldOf(version.Run, lookup, request.Feature);
        if (request.Count is < 1 or > MostNeighbors)
            throw Refusal.Invalid($"count: {request.Count} is out of range; valid: 1 … {MostNeighbors}.");
        long id = (request.Id, request.Value) switch
        {
            ({ } given, null) when (ulong)given < (ulong)field.VocabularySize => given,
            ({ } given, null) => throw Refusal.Invalid($"id: {given} is out of range; valid: 0 … {field.VocabularySize - 1}."),
            (null, { } value) when version.Run.Vocabularies.IdOf(field.Name, Encoding.UTF8.GetBytes(value)) is var known and > 0 => known,
            (null, { } value) => throw Refusal.NotFound($"value: '{value}' is not in the vocabulary of '{field.Name}'."),
            _ => throw Refusal.Invalid("The request needs either 'id' or 'value'."),
        };
        float[] vector = new float[lookup.Dimension];
        lookup.Read(field.Name, [id], vector);
        return new NeighborsReply
        {
            ModelName = version.Model,
            ModelVersion = version.Version,
            Id = id,
            Neighbors = [.. Nearest(lookup, field.Name, field.VocabularySize, id, vector, request.Count, cancellation).Select(n => new Neighbor(n.Id, version.Run.Vocabularies.ValueOf(field.Name, n.Id), n.Similarity))],
        };
    }

    private static IEnumerable<(long Id, float Similarity)> Nearest(
        EmbeddingLookup lookup, string field, long vocabularySize, long id, float[] vector, int count, CancellationToken cancellation)
    {
        long end = Math.Min(vocabularySize, MostIds);
        List<(long Id, float Similarity)> best = [];
        Lock all = new();
        var blocks = Enumerable.Range(0, (int)((end + BlockIds - 1) / BlockIds));
        Parallel.ForEach(
            blocks,
            new ParallelOptions { CancellationToken = cancellation },
            () => (Queue: new PriorityQueue<long, float>(), Ids: new long[BlockIds], Vectors: new float[BlockIds * vector.Length]),
            (block, _, own) =>
            {
                // Id 0 stands for what is unknown.
                long first = Math.Max(1, (long)block * BlockIds);
                int length = (int)(Math.Min(end, (block + 1L) * BlockIds) - first);
                for (int i = 0; i < length; i++)
                    own.Ids[i] = first + i;
                lookup.Read(field, own.Ids.AsSpan(0, length), own.Vectors);
                for (int i = 0; i < length; i++)
                {
                    float similarity = TensorPrimitives.CosineSimilarity<float>(own.Vectors.AsSpan(i * vector.Length, vector.Length), vector);
                    if (own.Ids[i] != id && !float.IsNaN(similarity))
                        Keep(own.Queue, own.Ids[i], similarity, count);
                }

                return own;
            },
            own =>
            {
                lock (all)
                    best.AddRange(own.Queue.UnorderedItems);
            });
        return best.OrderByDescending(n => n.Similarity).ThenBy(n => n.Id).Take(count);
    }

    private static void Keep(PriorityQueue<long, float> queue, long id, float similarity, int count)
    {
        if (queue.Count < count)
            queue.Enqueue(id, similarity);
        else
            queue.EnqueueDequeue(id, similarity);
    }
}
