using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods;

namespace RecSys.Embeddings.Tests;

public sealed class EmbeddingCollectionTests
{
    private static readonly EmbeddingField s_user = new("user", 4);
    private static readonly EmbeddingField s_item = new("item", 5);
    private static readonly EmbeddingFeature[] s_features =
    [
        new("user", s_user, IsSingle: true),
        new("history", s_item, IsSingle: false),
        new("item", s_item, IsSingle: true),
    ];

    private static readonly PooledFeature[] s_pooled = [new(0, Pooling.None), new(1, Pooling.None), new(2, Pooling.Sum)];

    [Fact]
    public void Forward_SinglesAndSequence_AreLaidOutAsDocumented()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);

        float[] output = Forward(collection, Planned(collection, store, Batch([1, 2], [[4, 0], [3]], [3, 3])), 0);

        // Row r of the user table is (10 r, 10 r + 1); of the item table (100 + 10 r, 101 + 10 r).
        float[] expected =
        [
            10, 11, 130, 131,
            20, 21, 130, 131,
            140, 141, 100, 101, 130, 131,
        ];
        Assert.Equal(expected, output);
    }

    [Fact]
    public void Forward_EmptyBags_GiveZeros()
    {
        EmbeddingFeature[] features = [new("bag", s_item, IsSingle: false), new("mean", s_item, IsSingle: false), new("sequence", s_item, IsSingle: false)];
        PooledFeature[] pooled = [new(0, Pooling.Sum), new(1, Pooling.Mean), new(2, Pooling.None)];
        var collection = new EmbeddingCollection(features, [new EmbeddingSet("s", pooled, Full("s", 2, s_item))]);
        using var store = Numbered(collection);
        JaggedIds none = ReferenceScene.Jagged([], []);

        LookupPlan plan = Planned(collection, store, [none, none, none]);

        Assert.Equal(new float[8], Forward(collection, plan, 0));
    }

    [Fact]
    public void FirstSamples_SingleIdsOfASmallField_AreFound()
    {
        EmbeddingFeature[] features = [new("user", s_user, IsSingle: true), new("item", s_item, IsSingle: true), new("history", s_item, IsSingle: false)];
        var collection = new EmbeddingCollection(features, [new EmbeddingSet("s", [new(0, Pooling.Sum), new(1, Pooling.Sum), new(2, Pooling.Sum)], Full("s", 2, s_user, s_item))]);
        LookupPlan plan = collection.CreatePlan();

        for (int samples = 16; samples <= 20; samples += 4)
        {
            JaggedIds users = new(isSingle: true), items = new(isSingle: true), histories = new(isSingle: false);
            for (int i = 0; i < samples; i++)
            {
                users.Add(i * i % 4);
                items.Add(i % 5);
                histories.Add([1, 2]);
            }

            collection.Plan([users, items, histories], plan);

            // 4 users are a quarter of 16 samples; 5 items are one of 20. Squares are 0 or 1 modulo 4.
            Assert.Equal(Enumerable.Range(0, samples).Select(i => i % 2), plan.FirstSamples(0).ToArray());
            Assert.Equal(samples == 20 ? Enumerable.Range(0, samples).Select(i => i % 5) : [], plan.FirstSamples(1).ToArray());
            Assert.True(plan.FirstSamples(2).IsEmpty);
        }
    }

    [Fact]
    public void Plan_SetsReadAlike_ShareTheirDistinctRows()
    {
        EmbeddingFeature[] features = [new("user", s_user, IsSingle: true), new("item", s_item, IsSingle: true)];
        PooledFeature[] both = [new(0, Pooling.Sum), new(1, Pooling.Sum)];
        var collection = new EmbeddingCollection(features,
        [
            new EmbeddingSet("first", both, Full("first", 1, s_user, s_item)),
            new EmbeddingSet("vectors", both, Full("vectors", 3, s_user, s_item)),
            new EmbeddingSet("items", [new(1, Pooling.Sum)], Full("items", 2, s_item)),
        ]);
        using var store = Numbered(collection);

        LookupPlan plan = Planned(collection, store, [ReferenceScene.Single([3, 1, 3]), ReferenceScene.Single([4, 4, 0])]);

        Assert.True(plan.Batches[0].Rows == plan.Batches[2].Rows, "The tables of the users should share their rows.");
        Assert.True(plan.Batches[1].Rows == plan.Batches[3].Rows && plan.Batches[1].Rows == plan.Batches[4].Rows, "The tables of the items should share their rows.");
        Assert.False(plan.Batches[0].Rows == plan.Batches[1].Rows);
        Assert.Equal([30, 140, 10, 140, 30, 100], Forward(collection, plan, 0));
        Assert.Equal([230, 231, 232, 340, 341, 342, 210, 211, 212, 340, 341, 342, 230, 231, 232, 300, 301, 302], Forward(collection, plan, 1));
        Assert.Equal([440, 441, 440, 441, 400, 401], Forward(collection, plan, 2));
    }

    [Fact]
    public void Plan_TablesOfOtherSizeOrRule_HaveTheirOwnRows()
    {
        EmbeddingFeature[] features = [new("user", s_user, IsSingle: true)];
        PooledFeature[] pooled = [new(0, Pooling.Sum)];
        var collection = new EmbeddingCollection(features,
        [
            new EmbeddingSet("a", pooled, Full("a", 2, s_user)),
            new EmbeddingSet("b", pooled, Hashed("b", 0.5)),
            new EmbeddingSet("c", pooled, Hashed("c", 0.5)),
            new EmbeddingSet("d", pooled, Hashed("d", 0.75)),
        ]);

        Assert.Equal([0, 1, 1, 3], collection.Leaders.ToArray());

        static MethodLayout Hashed(string set, double budget)
            => EmbeddingMethods.Get("hash").Build(new MethodRequest(set, [s_user], 2, Budget.OfFraction(budget), 0, _ => Initializer.Zero, MethodOptions.Empty));
    }

    [Fact]
    public void Forward_EmptyBatch_GivesNothing()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);

        LookupPlan plan = Planned(collection, store, Batch([], [], []));

        Assert.Equal(0, plan.BatchSize);
        Assert.Empty(Forward(collection, plan, 0));
        collection.Backward(plan, 0, []);
        collection.Apply(plan, store);
    }

    [Fact]
    public void Plan_DuplicateIds_AreGatheredOnce()
    {
        EmbeddingCollection collection = Collection();
        LookupPlan plan = collection.CreatePlan();

        collection.Plan(Batch([1, 1], [[4, 4], [3]], [3, 4]), plan);

        Assert.Equal([1], plan.Batches[0].Rows.ToArray());
        Assert.Equal([4, 3], plan.Batches[1].Rows.ToArray());
    }

    [Fact]
    public void Plan_IdsRefilledAfterwards_DoesNotChangeThePlan()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);
        IReadOnlyList<JaggedIds> ids = Batch([1, 2], [[4, 0], [3]], [3, 3]);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(ids, plan);
        float[] expected = Forward(collection, Planned(collection, store, ids), 0);

        ids[1].Clear();
        ids[1].Add([1, 1, 1, 1]);
        collection.Gather(plan, store);

        Assert.Equal(expected, Forward(collection, plan, 0));
    }

    [Fact]
    public void Plan_Reused_GivesWhatAFreshPlanGives()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);
        IReadOnlyList<JaggedIds>[] batches =
        [
            Batch([0, 1, 2, 3], [[0], [1, 2, 3], [], [4]], [0, 1, 2, 3]),
            Batch([3], [[2]], [1]),
            Batch([], [], []),
            Batch([0, 3, 3], [[], [1, 1], [2, 2, 2, 2, 2]], [4, 4, 0]),
        ];
        LookupPlan reused = collection.CreatePlan();

        foreach (IReadOnlyList<JaggedIds> batch in batches)
        {
            LookupPlan fresh = Planned(collection, store, batch);
            collection.Plan(batch, reused);
            collection.Gather(reused, store);

            Assert.Equal(Forward(collection, fresh, 0), Forward(collection, reused, 0));
            Assert.Equal(Gradients(collection, fresh), Gradients(collection, reused));
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Plan_IdOutsideTheVocabulary_NamesFeatureFieldIdAndRange(long id)
    {
        EmbeddingCollection collection = new([new("clicked", s_user, IsSingle: true)], []);

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => collection.Plan([ReferenceScene.Single(0, id)], collection.CreatePlan()));

        Assert.Equal(id, error.ActualValue);
        Assert.Contains("Feature 'clicked' has an id outside field 'user'; valid are 0 … 3", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{id}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_IdsThatDoNotFitTheFeatures_Throws()
    {
        EmbeddingCollection collection = Collection();
        LookupPlan plan = collection.CreatePlan();

        Assert.Contains("3 features, but the ids of 1", Message(() => collection.Plan([ReferenceScene.Single(1)], plan)), StringComparison.Ordinal);
        Assert.Contains("'item' has 2 samples", Message(() => collection.Plan(Batch([1], [[1]], [1, 2]), plan)), StringComparison.Ordinal);
        Assert.Contains(
            "'history' is any number of ids per sample, but its ids are one id per sample",
            Message(() => collection.Plan([ReferenceScene.Single(1), ReferenceScene.Single(1), ReferenceScene.Single(1)], plan)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_InTheWrongOrder_Throw()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);
        LookupPlan plan = collection.CreatePlan();

        Assert.Throws<InvalidOperationException>(() => collection.Gather(plan, store));
        collection.Plan(Batch([1], [[1]], [1]), plan);
        Assert.Throws<InvalidOperationException>(() => collection.Forward(plan, 0, new float[6]));
        Assert.Throws<InvalidOperationException>(() => collection.Backward(plan, 0, new float[6]));
        collection.Gather(plan, store);
        Assert.Throws<InvalidOperationException>(() => collection.Apply(plan, store));
        collection.Backward(plan, 0, new float[6]);
        collection.Apply(plan, store);
        Assert.Throws<InvalidOperationException>(() => collection.Apply(plan, store));
    }

    [Fact]
    public void Forward_OutputOfAnotherLength_Throws()
    {
        EmbeddingCollection collection = Collection();
        using var store = Numbered(collection);
        LookupPlan plan = Planned(collection, store, Batch([1], [[1]], [1]));

        Assert.Contains("has 6 numbers in this mini-batch, but 5", Message(() => collection.Forward(plan, 0, new float[5])), StringComparison.Ordinal);
        Assert.Contains("has 6 numbers in this mini-batch, but 7", Message(() => collection.Backward(plan, 0, new float[7])), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfAnotherCollection_Throws()
    {
        LookupPlan foreign = Collection().CreatePlan();

        Assert.Throws<ArgumentException>(() => Collection().Plan(Batch([1], [[1]], [1]), foreign));
    }

    [Fact]
    public void Gather_StoreOfOtherTables_NamesTheDifference()
    {
        EmbeddingCollection collection = Collection();
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(Batch([1], [[1]], [1]), plan);
        using var fewer = new ArrayRowStore([collection.Tables[0]]);
        using var other = new ArrayRowStore([collection.Tables[0], collection.Tables[1] with { RowCount = 6 }]);

        Assert.Contains("1 tables, the collection needs 2", Message(() => collection.Gather(plan, fewer)), StringComparison.Ordinal);
        Assert.Contains("'s/item' [6 × 2], the collection needs 's/item' [5 × 2]", Message(() => collection.Gather(plan, other)), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_InvalidSets_Throws()
    {
        MethodLayout users = Full("s", 2, s_user);

        Assert.Contains("'s/user' is defined 2 times", Message(() => _ = new EmbeddingCollection(
            s_features, [new("a", [new(0, Pooling.Sum)], users), new("b", [new(0, Pooling.Sum)], users)])), StringComparison.Ordinal);
        Assert.Contains("'a' names feature 3; valid are 0 … 2", Message(() => _ = new EmbeddingCollection(
            s_features, [new("a", [new(3, Pooling.Sum)], users)])), StringComparison.Ordinal);
        Assert.Contains("no field 'item'", Message(() => _ = new EmbeddingCollection(
            s_features, [new("a", [new(2, Pooling.Sum)], users)])), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_SeveralSets_TakesThoseWithGradients()
    {
        EmbeddingSet[] sets =
        [
            new("wide", [new(0, Pooling.Sum), new(2, Pooling.Sum)], Full("wide", 1, s_user, s_item)),
            new("deep", s_pooled, Full("deep", 2, s_user, s_item)),
        ];
        var collection = new EmbeddingCollection(s_features, sets);
        using var store = Numbered(collection);
        Assert.Equal(["wide/user", "wide/item", "deep/user", "deep/item"], collection.Tables.Select(t => t.Name));
        LookupPlan plan = Planned(collection, store, Batch([3, 0], [[1], [1]], [1, 1]));

        Assert.Equal([30, 110, 0, 110], Forward(collection, plan, 0));
        Assert.Equal([230, 231, 310, 311, 200, 201, 310, 311, 310, 311, 310, 311], Forward(collection, plan, 1));

        collection.Backward(plan, 1, Ones(12));
        collection.Apply(plan, store);
        collection.Backward(plan, 0, Ones(4));
        collection.Backward(plan, 1, Ones(12));
        collection.Apply(plan, store);

        Assert.Equal([[2, 3], [0, 1, 2, 3]], store.AppliedTables);
        Assert.Equal([1, 1], plan.Batches[0].Gradients.ToArray());
        Assert.Equal([4, 4], plan.Batches[3].Gradients.ToArray());
    }

    private static string Message(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    private static MethodLayout Full(string set, int dimension, params EmbeddingField[] fields)
        => EmbeddingMethods.Get("full").Build(new MethodRequest(set, fields, dimension, Budget.Full, 0, _ => Initializer.Zero, MethodOptions.Empty));

    private static EmbeddingCollection Collection() => new(s_features, [new EmbeddingSet("s", s_pooled, Full("s", 2, s_user, s_item))]);

    // Column c of row r of table t holds 100 t + 10 r + c.
    private static ArrayRowStore Numbered(EmbeddingCollection collection)
    {
        var store = new ArrayRowStore(collection.Tables);
        for (int t = 0; t < store.Values.Length; t++)
        {
            int width = store.Tables[t].Width;
            for (int i = 0; i < store.Values[t].Length; i++)
                store.Values[t][i] = (100 * t) + (10 * (i / width)) + (i % width);
        }

        return store;
    }

    private static IReadOnlyList<JaggedIds> Batch(long[] users, long[][] histories, long[] items)
        => [ReferenceScene.Single(users), ReferenceScene.Jagged(histories), ReferenceScene.Single(items)];

    private static LookupPlan Planned(EmbeddingCollection collection, ArrayRowStore store, IReadOnlyList<JaggedIds> ids)
    {
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(ids, plan);
        collection.Gather(plan, store);
        return plan;
    }

    private static float[] Forward(EmbeddingCollection collection, LookupPlan plan, int set)
    {
        var output = new float[collection.OutputLength(plan, set)];
        output.AsSpan().Fill(float.NaN);
        collection.Forward(plan, set, output);
        return output;
    }

    private static float[] Gradients(EmbeddingCollection collection, LookupPlan plan)
    {
        collection.Backward(plan, 0, [.. Enumerable.Range(1, collection.OutputLength(plan, 0)).Select(i => (float)i)]);
        return [.. plan.Batches.ToArray().SelectMany(b => b.Gradients.ToArray())];
    }
}
