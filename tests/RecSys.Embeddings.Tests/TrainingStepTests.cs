using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests;

/// <summary>Whole training steps of every method with every optimiser against a dense reference in double precision.</summary>
public sealed class TrainingStepTests
{
    private const int Dimension = 4;
    private const int Steps = 3;

    // Adagrad and Adam divide by the size of the gradient, which magnifies the rounding of fp32 sums that nearly cancel.
    private const double Tolerance = 2e-4;

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var variant in MethodCases.Variants.Where(v => MethodDefinitions.Of((string)v[0]).IsDifferentiable))
            {
                foreach (string optimizer in SparseOptimizers.Names)
                    data.Add((string)variant[0], (string)variant[1], optimizer);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Apply_SeveralSteps_EqualsTheDenseReference(string name, string options, string optimizer)
    {
        double budget = MethodDefinitions.Of(name).Budgets(options, Dimension)[^1];
        MethodLayout layout = MethodCases.Build(name, options, Dimension, budget);
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        var settings = new SparseOptimizerOptions { LearningRate = 0.05, L1 = optimizer == "ftrl" ? 0.01 : 0 };
        using var store = new MemoryRowStore(collection.Tables, SparseOptimizers.Create(optimizer, settings), seed: 5);
        double[][] expected = Values(store);
        var reference = new ReferenceOptimizer(optimizer, settings);
        LookupPlan plan = collection.CreatePlan();
        var random = new Random(9);

        for (int step = 1; step <= Steps; step++)
        {
            collection.Plan(ReferenceScene.Ids, plan);
            collection.Gather(plan, store);
            float[] gradient = [.. Enumerable.Range(0, collection.OutputLength(plan, 0)).Select(_ => random.NextSingle() - 0.5f)];
            collection.Backward(plan, 0, gradient);
            collection.Apply(plan, store);

            reference.Step = step;
            DenseStep(new ReferenceVectors(name, options, layout, expected), reference, gradient, layout, expected);
        }

        AssertClose(expected, Values(store));
    }

    private static void DenseStep(ReferenceVectors vectors, ReferenceOptimizer optimizer, float[] gradient, MethodLayout layout, double[][] values)
    {
        double[][] gradients = [.. values.Select(v => new double[v.Length])];
        var touched = new HashSet<(int Table, long Row)>();
        foreach (var (field, id, vectorGradient) in ReferenceScene.VectorGradients(gradient, Dimension))
            vectors.AddGradients(field, id, vectorGradient, gradients, touched);

        foreach (var key in touched.Where(k => layout.Tables[k.Table].IsTrained))
        {
            int width = layout.Tables[key.Table].Width;
            int start = (int)key.Row * width;
            optimizer.Update(key, values[key.Table].AsSpan(start, width), gradients[key.Table].AsSpan(start, width));
        }
    }

    private static double[][] Values(MemoryRowStore store)
        => [.. store.RowTables.Select(t => Enumerable.Range(0, (int)t.Spec.RowCount).SelectMany(r => t.Row(r).ToArray()).Select(x => (double)x).ToArray())];

    private static void AssertClose(double[][] expected, double[][] actual)
    {
        for (int t = 0; t < expected.Length; t++)
        {
            for (int i = 0; i < expected[t].Length; i++)
                Assert.Equal(expected[t][i], actual[t][i], Tolerance);
        }
    }
}
