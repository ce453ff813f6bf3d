using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

[Collection(OutstandingMemory.Name)]
public sealed class SlotMapTests
{
    private static readonly long[] s_oddIds = [0, -1, long.MinValue, long.MaxValue, 1];

    private static readonly GrowingOptions s_lru = new() { Eviction = EvictionPolicy.LeastRecentlyUsed };

    [Fact]
    public void Resolve_AnyId_GetsASlotOfItsOwn()
    {
        using var map = new SlotMap(5, new(), seed: 1);

        Assert.Equal([0, 1, 2, 3, 4], Resolve(map, s_oddIds));
        Assert.Equal([4, 2, 2, 0], Resolve(map, 1, long.MinValue, long.MinValue, 0));
        Assert.Equal([1, -1, 3], Find(map, -1, 2, long.MaxValue));
        Assert.Equal(5, map.Count);
        Assert.Equal(new GrowingCounters { Found = 4, Admitted = 5, Reads = 3, DefaultReads = 1 }, map.Counters);
    }

    [Fact]
    public void Resolve_Admissions_AreReportedOfTheLastCall()
    {
        using var map = new SlotMap(2, s_lru, seed: 1);
        Resolve(map, 10, 11, 10);
        Assert.Equal([new SlotId(10, 0), new SlotId(11, 1)], map.Admitted.ToArray());
        Assert.Equal([], map.Evicted.ToArray());

        map.BeginStep();
        Resolve(map, 11);
        Assert.Equal([], map.Admitted.ToArray());
        map.BeginStep();
        Resolve(map, 12);

        Assert.Equal([new SlotId(12, 0)], map.Admitted.ToArray());
        Assert.Equal([new SlotId(10, 0)], map.Evicted.ToArray());
    }

    [Fact]
    public void Resolve_FullTable_RejectsAndCounts()
    {
        using var map = new SlotMap(2, new(), seed: 1);

        Assert.Equal([0, 1, -1, -1, 0], Resolve(map, 10, 11, 12, 12, 10));
        map.BeginStep();
        Assert.Equal([-1], Resolve(map, 12));
        Assert.Equal(3, map.Counters.RejectedFull);
        Assert.Equal(0, map.EvictExpired());
    }

    // A new id before an old one in the same call, or in an earlier call of the same step, must not take its row.
    [Fact]
    public void Resolve_RowsOfTheStep_AreNotEvicted()
    {
        using var map = new SlotMap(3, s_lru, seed: 1);
        Resolve(map, 1, 2, 3);
        map.BeginStep();

        long[] slots = Resolve(map, 4, 5, 6, 1, 2);

        Assert.Equal([2, -1, -1, 0, 1], slots);
        Assert.Equal([-1, 0], Resolve(map, 7, 1));
        Assert.Equal(3, map.Counters.RejectedFull);
        map.BeginStep();
        Assert.NotEqual(-1, Resolve(map, 7)[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Resolve_StepsAhead_PinsTheRowsOfThatManySteps(int stepsAhead)
    {
        using var map = new SlotMap(1, s_lru with { StepsAhead = stepsAhead }, seed: 1);
        map.BeginStep();
        Resolve(map, 1);
        for (int i = 0; i < stepsAhead; i++)
        {
            map.BeginStep();
            Assert.Equal([-1], Resolve(map, 2));
        }

        map.BeginStep();
        Assert.Equal([0], Resolve(map, 2));
        Assert.Equal(stepsAhead, map.Counters.RejectedFull);
    }

    [Fact]
    public void EvictExpired_RowsUnusedForLonger_LeavesTheOthers()
    {
        using var map = new SlotMap(10, new GrowingOptions { TimeToLive = 100 }, seed: 1);
        map.BeginStep(1000);
        Resolve(map, 1, 2);
        map.BeginStep(1060);
        Resolve(map, 2, 3);
        map.BeginStep(1100);
        Assert.Equal(0, map.EvictExpired());
        map.BeginStep(1101);

        Assert.Equal(1, map.EvictExpired());

        Assert.Equal([new SlotId(1, 0)], map.Evicted.ToArray());
        Assert.Equal([-1, 1, 2], Find(map, 1, 2, 3));
        Assert.Equal([1, 3], Resolve(map, 2, 4));
        Assert.Equal(1, map.Counters.Expired);
    }

    [Fact]
    public void BeginStep_ClockGoesBack_SaysWhereItWas()
    {
        using var map = new SlotMap(1, s_lru, seed: 1);
        map.BeginStep(50);
        map.BeginStep(50);

        Assert.Contains("50", Assert.Throws<ArgumentOutOfRangeException>(() => map.BeginStep(49)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(map.BeginStep);
        Assert.Equal((2, 50), (map.Step, map.Now));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1 << 30) + 1)]
    [InlineData(long.MaxValue)]
    public void Constructor_CapacityOutOfRange_SaysWhatIsValid(long capacity)
    {
        long left = OutstandingMemory.LeftBy(() =>
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => new SlotMap(capacity, s_lru, 1));
            Assert.Contains("1 … 1073741824", error.Message, StringComparison.Ordinal);
        });

        Assert.Equal(0, left);
    }

    [Fact]
    public void FindAndResolve_TooFewSlots_ThrowAndChangeNothing()
    {
        using var map = new SlotMap(5, s_lru, seed: 1);

        Assert.Contains("1 slots, but 2 ids", Assert.Throws<ArgumentException>(() => map.Resolve([1, 2], new long[1])).Message, StringComparison.Ordinal);
        Assert.Contains("1 slots, but 2 ids", Assert.Throws<ArgumentException>(() => map.Find([1, 2], new long[1])).Message, StringComparison.Ordinal);
        Assert.Equal(default, map.Counters);
    }

    [Fact]
    public void FindAndResolve_AfterDispose_Throw()
    {
        var map = new SlotMap(5, s_lru, seed: 1);
        map.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Find(map, 1));
        Assert.Throws<ObjectDisposedException>(() => Resolve(map, 1));
    }

    [Fact]
    public void Resolve_EqualSeeds_GiveEqualSlots()
    {
        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));

        static long[] Run(ulong seed)
        {
            using var map = new SlotMap(500, s_lru, seed);
            var random = new Random(1);
            List<long> slots = [];
            for (int step = 0; step < 50; step++)
            {
                map.BeginStep();
                slots.AddRange(Resolve(map, [.. Enumerable.Range(0, 100).Select(_ => random.NextInt64(2000))]));
            }

            return [.. slots];
        }
    }

    [Fact]
    public void Find_ManyThreadsBetweenChanges_FindWhatOneFinds()
    {
        const int Threads = 4;
        using var map = new SlotMap(20_000, s_lru, seed: 1);
        long[] ids = [.. Enumerable.Range(0, 30_000).Select(i => (long)i)];
        for (int step = 0; step < 20; step++)
        {
            map.BeginStep();
            Resolve(map, ids[(step * 1000)..((step * 1000) + 10_000)]);
            long[] expected = Find(map, ids);
            GrowingCounters before = map.Counters;
            long[][] found = new long[Threads][];
            Parallel.For(0, Threads, t => found[t] = Find(map, ids));

            Assert.All(found, f => Assert.Equal(expected, f));
            Assert.Equal(before.Reads + (Threads * ids.Length), map.Counters.Reads);
            Assert.Equal(before.DefaultReads + (Threads * expected.Count(s => s < 0)), map.Counters.DefaultReads);
        }
    }

    public static TheoryData<string> Options => ["plain", "all", "bloom"];

    [Theory]
    [MemberData(nameof(Options))]
    public void FindAndResolve_AfterTheFirst_AllocateNothing(string options)
    {
        const int BatchSize = 4096;
        using var map = new SlotMap(10_000, Of(options), seed: 1);
        var random = new Random(1);
        long[] slots = new long[BatchSize];
        long least = long.MaxValue;
        for (int step = 0; step < 50; step++)
        {
            long[] ids = [.. Enumerable.Range(0, BatchSize).Select(_ => random.NextInt64(30_000))];
            long before = GC.GetAllocatedBytesForCurrentThread();
            map.BeginStep();
            map.Resolve(ids, slots);
            map.Find(ids, slots);
            map.EvictExpired();
            if (step > 20)
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void ByteCounts_AreThoseAllocated(string options)
    {
        const int Capacity = 12_345;
        SlotMap? map = null;
        long allocated = OutstandingMemory.LeftBy(() => map = new SlotMap(Capacity, Of(options), seed: 1));

        Assert.Equal(SlotMap.CountIndexBytes(Capacity) + SlotMap.CountPolicyBytes(Capacity, Of(options)), allocated);
        Assert.Equal(-allocated, OutstandingMemory.LeftBy(map!.Dispose));
    }

    private static GrowingOptions Of(string options) => options switch
    {
        "plain" => new(),
        "all" => new() { Admission = AdmissionPolicy.Count(2, 5000), Eviction = EvictionPolicy.DecayedScore(0.9), TimeToLive = 5 },
        _ => new() { Admission = AdmissionPolicy.CountingBloom(2, 5000, 0.01), Eviction = EvictionPolicy.LeastFrequentlyUsed, StepsAhead = 1 },
    };

    private static long[] Find(SlotMap map, params long[] ids)
    {
        long[] slots = new long[ids.Length];
        map.Find(ids, slots);
        return slots;
    }

    private static long[] Resolve(SlotMap map, params long[] ids)
    {
        long[] slots = new long[ids.Length];
        map.Resolve(ids, slots);
        return slots;
    }
}
