using RecSys.Embeddings;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Torch;

namespace RecSys.Training.Tests.Gradients;

/// <summary>The vectors of every method and the gradients of its rows against libtorch's autograd.</summary>
[Collection(TinyCollection.Name)]
public sealed class MethodGradientTests
{
    private const double Tolerance = 1e-5;

    // More samples than one work item takes.
    private const int BatchSize = 300;

    public static TheoryData<string, string, int, double> Cases => MethodCases.Differentiable;

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardAndBackward_EqualAutograd(string name, string options, int dimension, double budget)
    {
        using var scope = torch.NewDisposeScope();
        var layout = MethodCases.Build(name, options, dimension, budget);
        var collection = GradientScene.Collection(layout);
        using var store = new MemoryRowStore(collection.Tables, new Sgd(new SparseOptimizerOptions()), seed: 5);
        var scene = new GradientScene(BatchSize, seed: dimension);
        var lookup = new TorchLookup(name, options, layout, store);
        var plan = collection.CreatePlan();

        collection.Plan(scene.Ids, plan);
        collection.Gather(plan, store);
        float[] vectors = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, vectors);
        var leaf = torch.tensor(vectors).requires_grad_();
        scene.Loss(leaf, dimension).backward();
        collection.Backward(plan, 0, leaf.grad!.Data<float>());

        var block = scene.Block(lookup);
        scene.Loss(block, dimension).backward();

        Closeness.AssertClose("vectors", block.detach().Data<double>(), vectors, Tolerance);
        foreach (var batch in plan.Batches)
        {
            string table = collection.Tables[batch.Table].Name;
            Assert.Equal(lookup.Touched(table).ToArray<long>(), batch.Rows.ToArray().Order());
            var expected = lookup.Tables[table].grad ?? torch.zeros_like(lookup.Tables[table]);
            Closeness.AssertClose(table, expected.ToArray<double>(), Dense(batch, collection.Tables[batch.Table]), Tolerance);
        }
    }

    private static float[] Dense(RowBatch batch, TableSpec table)
    {
        float[] gradients = new float[table.RowCount * table.Width];
        for (int i = 0; i < batch.Count; i++)
            batch.Gradients.Slice(i * table.Width, table.Width).CopyTo(gradients.AsSpan((int)batch.Rows[i] * table.Width));
        return gradients;
    }
}
