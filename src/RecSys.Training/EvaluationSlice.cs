using RecSys.Data;
using RecSys.Embeddings;

namespace RecSys.Training;

/// <summary>Metrics of the samples that have something in common.</summary>
/// <param name="Feature">Name of the feature that tells them apart.</param>
/// <param name="Name">What they have in common.</param>
/// <param name="Rate">Their mean label.</param>
/// <param name="Result">Their metrics.</param>
public sealed record EvaluationSlice(string Feature, string Name, double Rate, EvaluationResult Result)
{
    private const string Unknown = "unknown";
    private const string Others = "others";

    // Shares of the training samples that the most frequent ids have, and those together with the next ones.
    private const double HeadShare = 0.5;
    private const double TorsoShare = 0.9;
    private static readonly string[] s_frequencies = ["head", "torso", "tail", Unknown];

    // Upper bounds of counts, powers of ten.
    private static readonly (long Bound, string Name)[] s_counts = [(1, "0"), (10, "1 … 9"), (100, "10 … 99"), (1000, "100 … 999"), (long.MaxValue, "1000 or more")];

    /// <summary>
    /// Slices a split by how much is known: for a feature with one id by the number of training samples in which it has that id (cold start:
    /// unknown and rare ids), for lists by the number of ids in the list.
    /// </summary>
    /// <param name="scored">The split.</param>
    /// <param name="feature">Name of a feature with ids.</param>
    /// <exception cref="DataException">There is no such feature, or it has no ids.</exception>
    public static IReadOnlyList<EvaluationSlice> ByCount(ScoredSplit scored, string feature)
    {
        var data = scored.Run.Data;
        int place = PlaceOf(data, feature);
        var known = data.Schema.EmbeddingFeatures[place];
        long[] samples = known.IsSingle ? data.CountIds(DataSplit.Train, known) : [];
        var slices = Slice(scored, place, feature, ids => !known.IsSingle ? NameOf(ids.Length) : ids[0] == 0 ? Unknown : NameOf(samples[ids[0]]));
        string[] order = [Unknown, .. s_counts.Select(c => c.Name)];
        return [.. slices.OrderBy(s => order.IndexOf(s.Name))];
    }

    /// <summary>Slices a split by the value of a feature: the most frequent values, and all others together.</summary>
    /// <param name="scored">The split.</param>
    /// <param name="feature">Name of a feature with one id.</param>
    /// <param name="most">Values at most.</param>
    /// <exception cref="DataException">There is no such feature, or it has not exactly one id.</exception>
    public static IReadOnlyList<EvaluationSlice> ByValue(ScoredSplit scored, string feature, int most = 20)
    {
        var data = scored.Run.Data;
        int place = SinglePlaceOf(data, feature);
        var known = data.Schema.EmbeddingFeatures[place];
        long[] frequent = [.. data.CountIds(scored.Split, known).Index().Where(s => s.Item > 0).OrderByDescending(s => s.Item).Take(most).Select(s => (long)s.Index)];
        var names = frequent.Zip(data.Vocabulary(known.Field.Name).ValuesOf(frequent)).ToDictionary(v => v.First, v => v.Second ?? Unknown);
        return [.. Slice(scored, place, feature, ids => names.GetValueOrDefault(ids[0], Others)).OrderBy(s => s.Name == Others).ThenByDescending(s => s.Result.Samples)];
    }

    /// <summary>
    /// Slices a split by how frequent the id of a feature is: <c>head</c>, the most frequent ids, which have half of the training samples; <c>torso</c>, the next ones, up to nine
    /// tenths of them; <c>tail</c>, the other known ids; <c>unknown</c>. Of ids that are as frequent, the smaller one counts as the more frequent.
    /// </summary>
    /// <param name="scored">The split.</param>
    /// <param name="feature">Name of a feature with one id.</param>
    /// <exception cref="DataException">There is no such feature, or it has not exactly one id.</exception>
    public static IReadOnlyList<EvaluationSlice> ByFrequency(ScoredSplit scored, string feature)
    {
        var data = scored.Run.Data;
        int place = SinglePlaceOf(data, feature);
        string[] frequencies = Frequencies(data.CountIds(DataSplit.Train, data.Schema.EmbeddingFeatures[place]));
        return [.. Slice(scored, place, feature, ids => frequencies[ids[0]]).OrderBy(s => s_frequencies.IndexOf(s.Name))];
    }

    // By id; 0 stands for all values that training has not seen.
    internal static string[] Frequencies(long[] counts)
    {
        string[] names = [.. Enumerable.Repeat(Unknown, counts.Length)];
        long all = counts.Skip(1).Sum();
        long above = 0;
        foreach (int id in Enumerable.Range(1, counts.Length - 1).OrderByDescending(id => counts[id]))
        {
            names[id] = above < HeadShare * all ? s_frequencies[0] : above < TorsoShare * all ? s_frequencies[1] : s_frequencies[2];
            above += counts[id];
        }

        return names;
    }

    private static string NameOf(long count) => s_counts.First(c => count < c.Bound).Name;

    private static int PlaceOf(PreparedDataset data, string feature)
    {
        string[] names = [.. data.Schema.EmbeddingFeatures.Select(f => f.Name)];
        int place = names.IndexOf(feature);
        return place >= 0 ? place : throw new DataException($"there is no feature '{feature}' with ids; {NearestName.Hint(feature, names)}valid: {string.Join(", ", names)}");
    }

    private static int SinglePlaceOf(PreparedDataset data, string feature)
    {
        int place = PlaceOf(data, feature);
        return data.Schema.EmbeddingFeatures[place].IsSingle ? place : throw new DataException($"feature '{feature}' has lists of values; valid: a feature with one value");
    }

    private static IEnumerable<EvaluationSlice> Slice(ScoredSplit scored, int place, string feature, SliceName nameOf)
    {
        List<string> names = [];
        foreach (var batch in scored.Run.Data.Read(scored.Split, new BatchOptions { BatchSize = scored.Run.Config.Train.BatchSize }))
        {
            using (batch)
            {
                for (int row = 0; row < batch.Size; row++)
                    names.Add(nameOf(batch.Ids[place].Of(row)));
            }
        }

        var samples = scored.Samples;
        return names.Index().GroupBy(n => n.Item, n => n.Index).Select(slice => new EvaluationSlice(feature, slice.Key, slice.Average(s => samples.Labels[s]), samples.Evaluate([.. slice])));
    }

    private delegate string SliceName(ReadOnlySpan<long> ids);
}
