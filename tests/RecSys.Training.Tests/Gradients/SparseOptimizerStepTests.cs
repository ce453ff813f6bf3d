using System.Globalization;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Torch;

namespace RecSys.Training.Tests.Gradients;

/// <summary>
/// Training steps with every sparse optimiser against autograd and libtorch's arithmetic. Rows are read several times per
/// mini-batch, by equal ids and by ids that collide, and not in every mini-batch.
/// </summary>
[Collection(TinyCollection.Name)]
public sealed class SparseOptimizerStepTests
{
    private const double Tolerance = 1e-5;
    private const int Dimension = 7;
    private const int BatchSize = 12;
    private const int Steps = 10;

    /// <summary>A value for each option, away from its default; an option without one is an error here.</summary>
    private static readonly Dictionary<string, double> s_values = new()
    {
        ["learning_rate"] = 0.01,
        ["l2"] = 0.2,
        ["l1"] = 0.3,
        ["epsilon"] = 0.01,
        ["initial_accumulator"] = 0.5,
        ["beta1"] = 0.5,
        ["beta2"] = 0.9,
        ["beta"] = 0.25,
    };

    /// <summary>Every optimiser with its defaults, with each of its options, and with all of them.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string name in SparseOptimizers.Names)
            {
                string[] options = [.. SparseOptimizers.OptionNames(name)];
                data.Add(name, "");
                foreach (string option in options)
                    data.Add(name, option);
                data.Add(name, string.Join(' ', options));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Apply_SeveralSteps_EqualsAutogradAndLibtorch(string name, string changed)
    {
        using var scope = torch.NewDisposeScope();
        var options = SparseOptimizerOptions.Parse(changed.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(o => o, o => s_values[o].ToString(CultureInfo.InvariantCulture)));
        var layout = MethodCases.Build("hash", "", Dimension, budget: 0.5);
        var collection = GradientScene.Collection(layout);
        using var store = new MemoryRowStore(collection.Tables, SparseOptimizers.Create(name, options), seed: 5);
        var lookup = new TorchLookup("hash", "", layout, store);
        var reference = new TorchSparseOptimizer(name, options);
        var plan = collection.CreatePlan();

        for (int step = 0; step < Steps; step++)
        {
            var scene = new GradientScene(BatchSize, seed: step);
            collection.Plan(scene.Ids, plan);
            collection.Gather(plan, store);
            float[] vectors = new float[collection.OutputLength(plan, 0)];
            collection.Forward(plan, 0, vectors);
            var leaf = torch.tensor(vectors).requires_grad_();
            scene.Loss(leaf, Dimension).backward();
            collection.Backward(plan, 0, leaf.grad!.Data<float>());
            collection.Apply(plan, store);

            lookup.Clear();
            scene.Loss(scene.Block(lookup), Dimension).backward();
            reference.Step(lookup);

            foreach (var table in store.RowTables)
                Closeness.AssertClose($"step {step}, {table.Spec.Name}", lookup.Tables[table.Spec.Name].detach().Data<double>(), table.Floats(0, (int)table.Spec.RowCount), Tolerance);
        }
    }
}
