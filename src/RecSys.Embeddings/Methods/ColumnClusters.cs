using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The vectors of all ids of a field in clusters: the centroid of each cluster, and what is left of the vectors on average in each
/// row that a hash sends ids to. An id's centroid and rest together stand for its vector.
/// </summary>
internal sealed class ColumnClusters
{
    private const int BlockIds = 1024;

    // As many rounds, and as many ids for each centroid, as the authors take.
    private const int Rounds = 20;
    private const long IdsPerCentroid = 200;

    private ColumnClusters(int[] nearest, float[] centroids, float[] rests)
    {
        Nearest = nearest;
        Centroids = centroids;
        Rests = rests;
    }

    /// <summary>Cluster of each id.</summary>
    public int[] Nearest { get; }

    /// <summary>One row per cluster.</summary>
    public float[] Centroids { get; }

    /// <summary>One row per value of the hash; zeros where it sends no id.</summary>
    public float[] Rests { get; }

    /// <summary>Clusters the sums of two rows per id.</summary>
    /// <param name="idCount">Ids of the field.</param>
    /// <param name="tables">The two tables, of one shape; there are as many clusters as they have rows.</param>
    /// <param name="addressings">Id → row of each.</param>
    /// <param name="hash">Id → row of <see cref="Rests"/>.</param>
    /// <param name="seed">Draws the first centroids.</param>
    public static ColumnClusters Of(long idCount, (RowTable First, RowTable Second) tables, (Addressing First, Addressing Second) addressings, Addressing hash, ulong seed)
    {
        int width = tables.First.Spec.Width;
        int clusterCount = checked((int)tables.First.Spec.RowCount);
        float[] sums = new float[checked(idCount * width)];
        ParallelJobs.Run(
            (int)((idCount + BlockIds - 1) / BlockIds),
            Environment.ProcessorCount,
            (Sums: sums, Tables: tables, Addressings: addressings),
            static (block, s) => AddRows(block * (long)BlockIds, s.Tables, s.Addressings, s.Sums));

        KMeans means = KMeans.Of(Sample(sums, width, clusterCount * IdsPerCentroid), width, clusterCount, seed, Rounds, Environment.ProcessorCount);
        var nearest = new int[idCount];
        means.Nearest(sums, nearest, new float[idCount], Environment.ProcessorCount);
        return new ColumnClusters(nearest, means.Centroids, RestsOf(sums, means.Centroids, nearest, width, hash));
    }

    private static void AddRows(long firstId, (RowTable First, RowTable Second) tables, (Addressing First, Addressing Second) addressings, float[] sums)
    {
        int width = tables.First.Spec.Width;
        int count = (int)Math.Min(BlockIds, (sums.Length / width) - firstId);
        Span<long> ids = stackalloc long[count];
        Span<long> rows = stackalloc long[count];
        Fill(ids, firstId);
        Span<float> block = sums.AsSpan((int)firstId * width, count * width);
        addressings.First.Address(ids, rows);
        EmbeddingKernels.Gather(RowStep.Place, tables.First.Memory, rows, count, block, width);
        addressings.Second.Address(ids, rows);
        EmbeddingKernels.Gather(RowStep.Add, tables.Second.Memory, rows, count, block, width);
    }

    // Evenly over the ids, so that frequent and rare ones have their share.
    private static float[] Sample(float[] sums, int width, long most)
    {
        long idCount = sums.Length / width;
        if (idCount <= most)
            return sums;
        var sample = new float[most * width];
        for (long i = 0; i < most; i++)
            sums.AsSpan((int)(i * idCount / most) * width, width).CopyTo(sample.AsSpan((int)i * width));
        return sample;
    }

    private static float[] RestsOf(float[] sums, float[] centroids, int[] nearest, int width, Addressing hash)
    {
        var totals = new double[centroids.Length];
        var counts = new int[centroids.Length / width];
        Span<long> ids = stackalloc long[BlockIds];
        Span<long> rows = stackalloc long[BlockIds];
        for (int first = 0; first < nearest.Length; first += BlockIds)
        {
            Fill(ids, first);
            int count = Math.Min(BlockIds, nearest.Length - first);
            hash.Address(ids[..count], rows);
            for (int i = 0; i < count; i++)
            {
                counts[rows[i]]++;
                for (int column = 0; column < width; column++)
                    totals[(rows[i] * width) + column] += sums[((first + i) * width) + column] - centroids[(nearest[first + i] * width) + column];
            }
        }

        return [.. totals.Select((total, i) => counts[i / width] == 0 ? 0 : (float)(total / counts[i / width]))];
    }

    private static void Fill(Span<long> ids, long first)
    {
        for (int i = 0; i < ids.Length; i++)
            ids[i] = first + i;
    }
}
