using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>What every method with several phases has to keep: from its first tables to those that are served.</summary>
[Collection(OutstandingMemory.Name)]
public sealed class MethodPhasesTests
{
    private const int StepCount = 40;
    private static readonly SparseOptimizerOptions s_options = new() { LearningRate = 0.1 };

    public static TheoryData<string, string, int, double> Cases
    {
        get
        {
            var data = new TheoryData<string, string, int, double>();
            foreach (var c in MethodCases.All.Where(c => Phases((string)c[0], (string)c[1]).Count > 1))
                data.Add((string)c[0], (string)c[1], (int)c[2], (double)c[3]);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LastPhase_TakesThePredictedBytesWithinTheBudget(string name, string options, int dimension, double budget)
    {
        MethodRequest request = MethodCases.Request(options, dimension, Budget.OfFraction(budget));
        MethodLayout first = EmbeddingMethods.Get(name).Build(request);
        using Served served = Run(name, request);

        Assert.InRange(served.Layout.ByteCount, 1, request.BudgetByteCount);
        bool learnsSize = MethodDefinitions.Of(name).LearnsSize;
        Assert.InRange(served.Layout.ByteCount, learnsSize ? 1 : first.ServeByteCount, first.ServeByteCount);
        Assert.InRange(served.Layout.AuxiliaryBytes, learnsSize ? 0 : first.ServeAuxiliaryBytes, first.ServeAuxiliaryBytes);
        Assert.Equal(served.Layout.ByteCount, served.Layout.ServeByteCount);
        Assert.Equal(served.Layout.ByteCount - served.Layout.AuxiliaryBytes, served.Rows.RowTables.Sum(t => t.Rows.ByteCount));
        Assert.True(served.Layout.AuxiliaryBytes >= served.State.Arrays.Values.Sum(a => a.ByteCount));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LastPhase_Vectors_AreThoseOfTheDefinition(string name, string options, int dimension, double budget)
    {
        using Served served = Run(name, MethodCases.Request(options, dimension, Budget.OfFraction(budget)));
        var reference = new ReferenceVectors(name, options, served.Layout, MethodPrecisionTests.Decoded(served.Rows));

        foreach (EmbeddingField field in MethodCases.Fields)
        {
            long[] ids = [.. Enumerable.Range(0, (int)field.VocabularySize)];
            float[] actual = Vectors(served, field);
            double[] expected = [.. ids.SelectMany(id => reference.Vector(field, id))];
            for (int i = 0; i < actual.Length; i++)
                Assert.Equal(expected[i], actual[i], 2e-5 * (1 + Math.Abs(expected[i])));
        }
    }

    // A phase that only converts must not change what was trained, beyond what the method says.
    [Theory]
    [MemberData(nameof(Cases))]
    public void LastPhase_OnlyConverted_KeepsTheTrainedVectors(string name, string options, int dimension, double budget)
    {
        MethodDefinition definition = MethodDefinitions.Of(name);
        if (!definition.KeepsVectors(options))
            return;
        MethodRequest request = MethodCases.Request(options, dimension, Budget.OfFraction(budget));
        using Served served = Run(name, request, out var trained);

        foreach (EmbeddingField field in MethodCases.Fields)
        {
            float[] actual = Vectors(served, field);
            for (int i = 0; i < actual.Length; i++)
                Assert.Equal(trained[field][i], actual[i], 1e-6f);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_Twice_GivesTheSameBits(string name, string options, int dimension, double budget)
    {
        MethodRequest request = MethodCases.Request(options, dimension, Budget.OfFraction(budget));
        using Served first = Run(name, request);
        using Served second = Run(name, request);

        foreach (EmbeddingField field in MethodCases.Fields)
            Assert.Equal(Vectors(first, field), Vectors(second, field));
    }

    private static IReadOnlyList<MethodPhase> Phases(string name, string options)
        => EmbeddingMethods.Get(name).Phases(MethodCases.Request(options, 4, Budget.Full).Options);

    private static Served Run(string name, MethodRequest request) => Run(name, request, out _);

    // Trains every phase with random gradients and ends it.
    private static Served Run(string name, MethodRequest request, out Dictionary<EmbeddingField, float[]> trained)
    {
        EmbeddingMethod method = EmbeddingMethods.Get(name);
        IReadOnlyList<MethodPhase> phases = method.Phases(request.Options);
        trained = [];
        var state = MethodState.Start;
        PhaseEnd? end = null;
        MemoryRowStore? before = null;
        for (int phase = 0; ; phase++)
        {
            Assert.Equal(phase, state.Phase);
            MethodRequest current = request with { State = state };
            MethodLayout layout = method.Build(current);
            if (method.BeforeEpoch(new PhaseContext(current, layout, [], 0, StepCount) { EpochCount = 1 }) is { } change)
            {
                current = request with { State = change.State };
                layout = method.Build(current);
            }

            var rows = new MemoryRowStore(layout.Tables, SparseOptimizers.Create("adagrad", s_options), seed: 5);
            end?.Fill?.Invoke(rows.RowTables);
            before?.Dispose();
            if (phases[phase].Epochs != 0)
            {
                Train(method, current, layout, rows);
                trained = MethodCases.Fields.ToDictionary(f => f, f => Forward(layout, rows, f));
            }

            if (phase == phases.Count - 1)
                return new Served(layout, rows, state);
            end = method.EndPhase(new PhaseContext(current, layout, rows.RowTables, StepCount, StepCount));
            before = rows;
            state = end.State;
        }
    }

    private static void Train(EmbeddingMethod method, MethodRequest request, MethodLayout layout, MemoryRowStore rows)
    {
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        LookupPlan plan = collection.CreatePlan();
        var random = new Random(request.State.Phase);
        for (int step = 1; step <= StepCount; step++)
        {
            if (method.StepInterval > 0 && step % method.StepInterval == 0)
                method.BeforeStep(new PhaseContext(request, layout, rows.RowTables, step, StepCount));
            collection.Plan(ReferenceScene.Ids, plan);
            collection.Gather(plan, rows);
            collection.Backward(plan, 0, [.. Enumerable.Range(0, collection.OutputLength(plan, 0)).Select(_ => random.NextSingle() - 0.5f)]);
            collection.Apply(plan, rows);
            if (method.StepInterval > 0 && step % method.StepInterval == 0 && method.AfterStep(new PhaseContext(request, layout, rows.RowTables, step, StepCount) { Notes = collection.Notes(plan, 0) }))
                return;
        }
    }

    // The vectors as training computes them.
    private static float[] Forward(MethodLayout layout, MemoryRowStore rows, EmbeddingField field)
    {
        var collection = new EmbeddingCollection([new EmbeddingFeature("f", field, IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([ReferenceScene.Single([.. Enumerable.Range(0, (int)field.VocabularySize)])], plan);
        collection.Gather(plan, rows);
        var vectors = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, vectors);
        return vectors;
    }

    private static float[] Vectors(Served served, EmbeddingField field)
    {
        var vectors = new float[field.VocabularySize * served.Layout.Dimension];
        new DirectLookup(served.Layout, field, served.Rows).Read([.. Enumerable.Range(0, (int)field.VocabularySize)], vectors);
        return vectors;
    }

    private sealed record Served(MethodLayout Layout, MemoryRowStore Rows, MethodState State) : IDisposable
    {
        public void Dispose()
        {
            Rows.Dispose();
            State.Dispose();
        }
    }
}
