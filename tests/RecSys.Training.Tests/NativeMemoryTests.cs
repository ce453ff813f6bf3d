using RecSys.Data;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;

namespace RecSys.Training.Tests;

/// <summary>What a run, an opened run and look-ups reserve is given back with them. They run alone: the counter belongs to the process.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NativeMemoryTests(TinyDataset tiny) : IClassFixture<TinyDataset>
{
    private const string Name = "Native memory";

    public static TheoryData<string> MethodsWithPhases
        => [.. EmbeddingMethods.All.Where(m => m.Phases(MethodOptions.Empty).Count > 1 || m.Name == "cce").Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(MethodsWithPhases))]
    public void Dispose_TrainingAndLookUps_LeavesNothing(string method)
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, $"embedding.method={{name: {method}, budget: 0.6}}", "train.epochs=2");
        long before = NativePages.OutstandingByteCount;

        using (var trainer = new Trainer(config, tiny.Open(), folder))
        {
            RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
            trainer.Run();
        }

        Assert.Equal(before, NativePages.OutstandingByteCount);
        using (var run = TrainedRun.Open(folder))
            run.Evaluate(DataSplit.Test);
        using (var lookup = EmbeddingLookup.Open(folder))
            lookup.LookUp("item", [1, 2, 3]);

        Assert.Equal(before, NativePages.OutstandingByteCount);
    }
}
