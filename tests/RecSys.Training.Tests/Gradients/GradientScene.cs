using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Torch;

namespace RecSys.Training.Tests.Gradients;

/// <summary>
/// A random mini-batch whose ids repeat often: single ids, bags with sum and mean (some of them empty) and an unpooled sequence;
/// two features read the field of the items and two that of the words.
/// </summary>
internal sealed class GradientScene
{
    private const int LongestBag = 6;

    private static readonly EmbeddingFeature[] s_features =
    [
        new("user", MethodCases.User, IsSingle: true),
        new("words", MethodCases.Word, IsSingle: false),
        new("history", MethodCases.Item, IsSingle: false),
        new("item", MethodCases.Item, IsSingle: true),
        new("tags", MethodCases.Word, IsSingle: false),
    ];

    private static readonly PooledFeature[] s_pooled =
        [new(3, Pooling.Sum), new(2, Pooling.None), new(0, Pooling.None), new(1, Pooling.Sum), new(4, Pooling.Mean)];

    private readonly int _batchSize;
    private readonly Random _random;

    public GradientScene(int batchSize, int seed)
    {
        _batchSize = batchSize;
        _random = new Random(seed);
        Ids = [.. s_features.Select(RandomIds)];
    }

    /// <summary>Ids per feature.</summary>
    public IReadOnlyList<JaggedIds> Ids { get; }

    public static EmbeddingCollection Collection(MethodLayout layout) => new(s_features, [new EmbeddingSet("s", s_pooled, layout)]);

    /// <summary>The output block of the set: [batch, 4, dimension], then [ids, dimension] of the sequence.</summary>
    public Tensor Block(TorchLookup lookup)
    {
        List<Tensor> vectors = [];
        List<Tensor> sequences = [];
        foreach (var pooled in s_pooled)
        {
            var ids = Ids[pooled.Feature];
            var each = lookup.Vectors(s_features[pooled.Feature].Field, ids.Values.ToArray());
            if (!ids.IsSingle && pooled.Pooling == Pooling.None)
                sequences.Add(each.flatten());
            else
                vectors.Add(ids.IsSingle ? each : Pool(each, ids, pooled.Pooling == Pooling.Mean));
        }

        return torch.cat([torch.stack(vectors, 1).flatten(), .. sequences]);
    }

    /// <summary>
    /// Weights · block + block² / 20. The sign of a weight depends on its column alone, and most columns have one sign: gradients of a
    /// row's occurrences do not cancel, nor do those of its columns, and what is left to compare is more than the rounding of single
    /// precision.
    /// </summary>
    public Tensor Loss(Tensor block, int dimension)
    {
        var random = new Random(_batchSize);
        double[] weights = [.. Enumerable.Range(0, (int)block.numel).Select(i => (0.5 + random.NextDouble()) * (i % dimension % 4 == 1 ? -1 : 1))];
        var wide = block.to(torch.float64);
        return (torch.tensor(weights) * wide).sum() + (0.05 * wide.square().sum());
    }

    private static Tensor Pool(Tensor vectors, JaggedIds ids, bool isMean)
    {
        long[] samples = [.. Enumerable.Range(0, ids.BatchSize).SelectMany(s => Enumerable.Repeat((long)s, ids.Length(s)))];
        var sums = torch.zeros([ids.BatchSize, vectors.shape[1]], torch.float64).index_add_(0, torch.tensor(samples), vectors);
        if (!isMean)
            return sums;
        double[] counts = [.. Enumerable.Range(0, ids.BatchSize).Select(s => Math.Max(1.0, ids.Length(s)))];
        return sums / torch.tensor(counts, [ids.BatchSize, 1]);
    }

    private JaggedIds RandomIds(EmbeddingFeature feature)
    {
        var ids = new JaggedIds(feature.IsSingle);
        for (int sample = 0; sample < _batchSize; sample++)
        {
            int count = feature.IsSingle ? 1 : _random.Next(LongestBag + 1);
            ids.Add([.. Enumerable.Range(0, count).Select(_ => RandomId(feature.Field))]);
        }

        return ids;
    }

    // Small ids are frequent, as in real data.
    private long RandomId(EmbeddingField field)
    {
        double share = _random.NextDouble();
        return (long)(share * share * field.VocabularySize);
    }
}
