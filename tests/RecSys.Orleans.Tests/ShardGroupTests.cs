using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.TestingHost;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Storage;
using RecSys.Cluster.Tests;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Orleans.Grains;

namespace RecSys.Orleans.Tests;

// Groups on silos that come and go. Whatever happens, the rows are those of one process, and no update is lost or done twice.
public sealed class ShardGroupTests : IDisposable
{
    private const int GroupCount = 6;
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-groups-").FullName;

    [Fact]
    public async Task Activate_TwoSilos_HaveTheSameNumberOfGroups()
    {
        await using var silos = await TestSilos.StartAsync(Options() with { Storage = null });

        await ShardedRowStore.OpenAsync(TestModels.Create(), silos.Nodes);

        Assert.All(silos.Cluster.Silos, s => Assert.Equal(GroupCount / 2, GroupsOf(s).Count));
    }

    [Theory]
    [InlineData(Durability.Log)]
    [InlineData(Durability.Snapshot)]
    public async Task Join_WhileTraining_TakesItsGroups(Durability durability)
    {
        await using var silos = await TestSilos.StartAsync(Options(durability));
        Dictionary<int, string> before = [];
        await TrainAsync(silos, async () =>
        {
            before = SilosOfGroups(silos);
            await silos.Cluster.StartAdditionalSiloAsync();
            await UntilAsync(() => silos.Cluster.Silos.All(s => GroupsOf(s).Count == GroupCount / 3));
        });

        var after = SilosOfGroups(silos);
        Assert.All(silos.Cluster.Silos, s => Assert.Equal(GroupCount / 3, GroupsOf(s).Count));
        Assert.InRange(before.Count(g => after[g.Key] != g.Value), GroupCount / 3, (GroupCount / 3) + 1);
    }

    [Theory]
    [InlineData(Durability.Log)]
    [InlineData(Durability.Snapshot)]
    public async Task Leave_WhileTraining_GivesItsGroupsAway(Durability durability)
    {
        await using var silos = await TestSilos.StartAsync(Options(durability), siloCount: 3);
        await TrainAsync(silos, () => silos.Cluster.StopSiloAsync(silos.Cluster.Silos[2]));

        Assert.Equal(GroupCount, silos.Cluster.Silos.Sum(s => GroupsOf(s).Count));
        Assert.Equal(2, silos.Cluster.Silos.Count);
    }

    // Another silo opens the folder and replays the log.
    [Fact]
    public async Task Kill_WhileTraining_LosesNothingThatWasAcknowledged()
    {
        await using var silos = await TestSilos.StartAsync(Options(), siloCount: 3);
        await TrainAsync(silos, () => silos.Cluster.KillSiloAsync(silos.Cluster.Silos[2]));

        Assert.Equal(GroupCount, silos.Cluster.Silos.Sum(s => GroupsOf(s).Count));
    }

    [Fact]
    public async Task Join_InMemory_LeavesGroupsWhereTheyAre()
    {
        await using var silos = await TestSilos.StartAsync(Options() with { Storage = null });
        await TrainAsync(silos, silos.Cluster.StartAdditionalSiloAsync);

        Assert.Equal([3, 3, 0], silos.Cluster.Silos.Select(s => GroupsOf(s).Count));
    }

    // Calls to groups on the same silo pass arrays as they are.
    [Fact]
    public async Task Train_InsideASilo_EqualsOneProcess()
    {
        await using var silos = await TestSilos.StartAsync(Options());
        var model = TestModels.Create("lazy_adam");
        var store = await ShardedRowStore.OpenAsync(model, await silos.Cluster.Silos[0].SiloHost.Services.GetRequiredService<IGrainFactory>().GetRecSysShardsAsync());
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);

        for (int step = 0; step < 10; step++)
            TwinTraining.Step(single, store, model, step);
    }

    [Fact]
    public async Task Read_MoreThanAMessageHolds_IsRefused()
    {
        await using var silos = await TestSilos.StartAsync(Options(), largestMessage: 100_000);
        var model = new ShardedModel("model", [new TableSpec("wide", 1000, 1000, Initializer.Normal(0.1))], "sgd", new SparseOptimizerOptions(), seed: 1, bucketCount: 8);
        var store = await ShardedRowStore.OpenAsync(model, silos.Nodes, new ShardedRowStoreOptions { RetryTime = TimeSpan.Zero });
        var batch = new RowBatch(0, 1000);
        batch.Add([.. Enumerable.Range(0, 1000).Select(r => (long)r)]);

        var error = Assert.Throws<ShardException>(() => store.Gather([batch]));
        Assert.Equal(ShardErrorKind.Invalid, error.Kind);
        Assert.Contains("MaxMessageBodySize", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Again_HasTheRows()
    {
        var model = TestModels.Create();
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        for (int life = 0; life < 2; life++)
        {
            await using var silos = await TestSilos.StartAsync(Options());
            var store = await ShardedRowStore.OpenAsync(model, silos.Nodes);
            store.Sequence = (ulong)life * 100;
            for (int step = 0; step < 5; step++)
                TwinTraining.Step(single, store, model, step);
        }
    }

    [Fact]
    public async Task Call_GroupThatCannotBeOpened_SaysWhy()
    {
        await using (var silos = await TestSilos.StartAsync(Options()))
            await ShardedRowStore.OpenAsync(TestModels.Create(), silos.Nodes);
        string file = Path.Combine(_folder, "group-2", "model", "shard.json");
        await File.WriteAllTextAsync(file, "{}");

        await using var again = await TestSilos.StartAsync(Options());
        var error = await Assert.ThrowsAsync<ShardException>(() => again.Nodes[2].ListAsync(default));
        Assert.Equal(ShardErrorKind.Unavailable, error.Kind);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(["model"], await again.Nodes[1].ListAsync(default));
    }

    [Fact]
    public async Task Call_GroupThatIsOpenElsewhere_IsRefusedUntilItIsNot()
    {
        await using var silos = await TestSilos.StartAsync(Options());
        Directory.CreateDirectory(Path.Combine(_folder, "group-3"));
        using (File.Open(Path.Combine(_folder, "group-3", "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var error = await Assert.ThrowsAsync<ShardException>(() => silos.Nodes[3].ListAsync(default));
            Assert.Equal(ShardErrorKind.Unavailable, error.Kind);
            Assert.Contains("in use by another silo", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await silos.Nodes[3].ListAsync(default));
    }

    [Fact]
    public async Task Call_GroupThatDoesNotExist_IsRefused()
    {
        await using var silos = await TestSilos.StartAsync(Options());
        using var node = new OrleansShardNode("group-6", silos.Cluster.Client.GetGrain<IShardGroupGrain>(GroupCount), int.MaxValue);

        var error = await Assert.ThrowsAsync<ShardException>(() => node.ListAsync(default));

        Assert.Equal((ShardErrorKind.Invalid, "There is no group 6; valid: 0 … 5."), (error.Kind, error.Message));
    }

    [Fact]
    public async Task Call_WithoutSilos_CannotBeReached()
    {
        await using var silos = await TestSilos.StartAsync(Options());
        foreach (var silo in silos.Cluster.Silos)
            await silos.Cluster.KillSiloAsync(silo);

        await Assert.ThrowsAsync<IOException>(() => silos.Nodes[0].ListAsync(default));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ShardGroupOptions Options(Durability durability = Durability.Log) => new()
    {
        GroupCount = GroupCount,
        Storage = new StorageOptions { Folder = _folder, Durability = durability },
        SettleTime = TimeSpan.FromMilliseconds(500),
    };

    private static IReadOnlyList<int> GroupsOf(InProcessSiloHandle silo) => [.. silo.SiloHost.Services.GetRequiredService<OpenGroups>().All.Select(g => g.Group)];

    private static Dictionary<int, string> SilosOfGroups(TestSilos silos) => silos.Cluster.Silos.SelectMany(s => GroupsOf(s), (s, g) => (s.Name, Group: g)).ToDictionary(g => g.Group, g => g.Name);

    // Trains in one process and on the groups, while something happens and for some steps after.
    private static async Task TrainAsync(TestSilos silos, Func<Task> happen)
    {
        var model = TestModels.Create("lazy_adam", bucketCount: 32);
        var store = await ShardedRowStore.OpenAsync(model, silos.Nodes, new ShardedRowStoreOptions { Staleness = 2 });
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        int step = 0;
        for (; step < 10; step++)
            TwinTraining.Step(single, store, model, step);
        var happening = Task.Run(happen);
        for (int last = int.MaxValue; step < last; step++)
        {
            TwinTraining.Step(single, store, model, step);
            if (happening.IsCompleted && last == int.MaxValue)
                last = step + 10;
        }

        await happening;
        store.Settle();
    }

    private static async Task UntilAsync(Func<bool> isTrue)
    {
        for (long started = Stopwatch.GetTimestamp(); !isTrue() && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60);)
            await Task.Delay(20);
    }
}
