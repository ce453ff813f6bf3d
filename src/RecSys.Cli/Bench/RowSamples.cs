using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Cli.Bench;

/// <summary>Lists of ids of one distribution, as many as it takes for their rows to outgrow the caches before a list is used again.</summary>
internal sealed class RowSamples
{
    // Ids of a mini-batch of 4096 samples with 16 fields.
    private const int MostIds = 1 << 16;
    private const double ZipfExponent = 1.05;
    private readonly long[][] _ids;
    private readonly long[][] _distinct;

    /// <summary>Draws the lists.</summary>
    /// <param name="name"><c>uniform</c>, or <c>zipf</c>: probability ∝ 1 / rank^1.05, ranks scattered over the ids.</param>
    /// <param name="idCount">Ids are 0 … idCount − 1.</param>
    /// <param name="listCount">Number of lists, even.</param>
    public RowSamples(string name, long idCount, int listCount)
    {
        Name = name;
        var random = new Random(1);
        int length = (int)Math.Min(MostIds, idCount / 2 * 2);
        _ids = [.. Enumerable.Range(0, listCount).Select(_ => Draw(random, name == "zipf", idCount, length))];
        _distinct = [.. _ids.Select(Distinct)];
    }

    /// <summary>How the ids were drawn.</summary>
    public string Name { get; }

    /// <summary>Ids of a list, duplicates included; lists repeat.</summary>
    public long[] Ids(int list) => _ids[list % _ids.Length];

    /// <summary>Every id of a list once; lists repeat.</summary>
    public long[] DistinctIds(int list) => _distinct[list % _distinct.Length];

    /// <summary>The list that is used farthest from this one in time: what one side reads is not in a cache for the other.</summary>
    public int Opposite(int list) => list + (_ids.Length / 2);

    private static long[] Draw(Random random, bool isZipf, long idCount, int length)
    {
        long[] ids = new long[length];
        for (int i = 0; i < length; i++)
            ids[i] = isZipf ? Scatter(ZipfRank(random, idCount), idCount) : random.NextInt64(idCount);
        return ids;
    }

    // The inverse of the distribution function of x^−s on [1, n + 1), rounded down.
    private static long ZipfRank(Random random, long idCount)
    {
        double power = 1 - ZipfExponent;
        double end = Math.Pow(idCount + 1.0, power);
        return Math.Min(idCount - 1, (long)Math.Pow(1 + (random.NextDouble() * (end - 1)), 1 / power) - 1);
    }

    private static long Scatter(long rank, long idCount) => (long)Math.BigMul(RowHash.Mix((ulong)rank), (ulong)idCount, out _);

    private static long[] Distinct(long[] ids)
    {
        var batch = new RowBatch(0, 1);
        batch.Add(ids);
        return batch.Rows.ToArray();
    }
}
