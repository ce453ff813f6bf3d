using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>
/// A small mini-batch with everything that can go wrong in it: duplicate ids, two features on one field with equal ids, bags with
/// sum and mean, empty bags, and a sequence. It computes the output block in double precision from the definition.
/// </summary>
internal sealed class ReferenceScene
{
    private static readonly long[] s_users = [3, 3, 0, 22, 3];
    private static readonly long[] s_items = [60, 7, 7, 0, 60];
    private static readonly long[][] s_words = [[1, 39, 1], [], [5], [39, 38, 0, 17], [1]];
    private static readonly long[][] s_tags = [[], [2, 2], [39], [], [4, 11, 1]];
    private static readonly long[][] s_history = [[7, 60, 7], [], [12], [0, 1, 2, 3], [60]];

    public static readonly IReadOnlyList<EmbeddingFeature> Features =
    [
        new("user", MethodCases.User, IsSingle: true),
        new("words", MethodCases.Word, IsSingle: false),
        new("history", MethodCases.Item, IsSingle: false),
        new("item", MethodCases.Item, IsSingle: true),
        new("tags", MethodCases.Word, IsSingle: false),
    ];

    public static readonly IReadOnlyList<PooledFeature> Pooled =
        [new(3, Pooling.Sum), new(2, Pooling.None), new(0, Pooling.None), new(1, Pooling.Sum), new(4, Pooling.Mean)];

    public static int BatchSize => s_users.Length;

    public static IReadOnlyList<JaggedIds> Ids => [Single(s_users), Jagged(s_words), Jagged(s_history), Single(s_items), Jagged(s_tags)];

    public static EmbeddingCollection Collection(MethodLayout layout) => new(Features, [new EmbeddingSet("s", Pooled, layout)]);

    /// <summary>The output block: [5, 4, d] for item, user, words and tags, then [9, d] for the history.</summary>
    public static double[] Output(ReferenceVectors vectors, int dimension)
    {
        var output = new List<double>();
        for (int b = 0; b < BatchSize; b++)
        {
            output.AddRange(vectors.Vector(MethodCases.Item, s_items[b]));
            output.AddRange(vectors.Vector(MethodCases.User, s_users[b]));
            output.AddRange(Pool(vectors, s_words[b], dimension, isMean: false));
            output.AddRange(Pool(vectors, s_tags[b], dimension, isMean: true));
        }

        foreach (long[] history in s_history)
            output.AddRange(history.SelectMany(id => vectors.Vector(MethodCases.Item, id)));

        return [.. output];
    }

    /// <summary>The gradient that each looked-up vector receives from the gradient of the output block.</summary>
    public static IEnumerable<(EmbeddingField Field, long Id, double[] Gradient)> VectorGradients(float[] gradient, int dimension)
    {
        double[] At(int vector, double scale) => [.. gradient.Skip(vector * dimension).Take(dimension).Select(g => g * scale)];
        for (int b = 0; b < BatchSize; b++)
        {
            yield return (MethodCases.Item, s_items[b], At(4 * b, 1));
            yield return (MethodCases.User, s_users[b], At((4 * b) + 1, 1));
            foreach (long id in s_words[b])
                yield return (MethodCases.Word, id, At((4 * b) + 2, 1));
            foreach (long id in s_tags[b])
                yield return (MethodCases.Word, id, At((4 * b) + 3, 1.0 / s_tags[b].Length));
        }

        int place = 4 * BatchSize;
        foreach (long id in s_history.SelectMany(h => h))
            yield return (MethodCases.Item, id, At(place++, 1));
    }

    public static JaggedIds Single(params long[] ids)
    {
        var jagged = new JaggedIds(isSingle: true);
        foreach (long id in ids)
            jagged.Add(id);
        return jagged;
    }

    public static JaggedIds Jagged(params long[][] samples)
    {
        var jagged = new JaggedIds(isSingle: false);
        foreach (long[] sample in samples)
            jagged.Add(sample);
        return jagged;
    }

    private static double[] Pool(ReferenceVectors vectors, long[] ids, int dimension, bool isMean)
    {
        var sum = new double[dimension];
        foreach (long id in ids)
        {
            double[] vector = vectors.Vector(MethodCases.Word, id);
            for (int j = 0; j < dimension; j++)
                sum[j] += vector[j] / (isMean ? ids.Length : 1);
        }

        return sum;
    }
}
