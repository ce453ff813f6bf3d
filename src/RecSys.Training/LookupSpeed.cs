using System.Diagnostics;
using RecSys.Data;

namespace RecSys.Training;

/// <summary>How long look-ups take from the files of a checkpoint, as a service answers them: without libtorch, on one thread.</summary>
public static class LookupSpeed
{
    private const int SampleCount = 1 << 14;
    private static readonly TimeSpan s_leastTime = TimeSpan.FromSeconds(0.3);

    /// <summary>Looks up the ids of the first validation samples in the widest embedding set, field after field.</summary>
    /// <param name="directory">A finished run's folder.</param>
    /// <param name="network">Its network.</param>
    /// <param name="data">Its data set.</param>
    /// <returns>Nanoseconds per vector in the fastest of many passes.</returns>
    public static double Nanoseconds(string directory, CtrNetwork network, PreparedDataset data)
    {
        using var lookup = EmbeddingLookup.Open(directory, network.Model.Sets.MaxBy(s => s.Dimension)!.Name);
        var fields = IdsByField(lookup, data);
        float[] vectors = new float[fields.Max(f => f.Ids.Length) * lookup.Dimension];
        var fastest = TimeSpan.MaxValue;
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < s_leastTime;)
        {
            long started = Stopwatch.GetTimestamp();
            foreach (var (field, ids) in fields)
                lookup.Read(field, ids, vectors.AsSpan(0, ids.Length * lookup.Dimension));
            var elapsed = Stopwatch.GetElapsedTime(started);
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        return fastest.TotalNanoseconds / fields.Sum(f => (long)f.Ids.Length);
    }

    private static List<(string Field, long[] Ids)> IdsByField(EmbeddingLookup lookup, PreparedDataset data)
    {
        string[] known = [.. lookup.Fields.Select(f => f.Name)];
        using var batch = data.Read(DataSplit.Validation, new BatchOptions { BatchSize = SampleCount }).First();
        return
        [
            .. data.Schema.EmbeddingFeatures.Select((feature, i) => (Field: feature.Field.Name, Ids: batch.Ids[i].Values.ToArray()))
                .Where(f => known.Contains(f.Field) && f.Ids.Length > 0),
        ];
    }
}
