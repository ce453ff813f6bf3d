using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

/// <summary>Every policy against its definition.</summary>
[Collection(OutstandingMemory.Name)]
public sealed class SlotMapPolicyTests
{
    private const int Capacity = 100;

    public static TheoryData<string, long?, int> Policies
    {
        get
        {
            TheoryData<string, long?, int> data = [];
            foreach (string order in new[] { "none", "lru", "lfu", "score" })
            {
                foreach (long? timeToLive in new long?[] { null, 0, 7, 25 })
                    data.Add(order, timeToLive, timeToLive == 7 ? 2 : 0);
            }

            data.Add("lru", null, 5);
            data.Add("score", 3, 6);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Resolve_ManySteps_DoesWhatTheDefinitionSays(string order, long? timeToLive, int stepsAhead)
    {
        var options = new GrowingOptions { Eviction = Eviction(order), TimeToLive = timeToLive, StepsAhead = stepsAhead };
        using var map = new SlotMap(Capacity, options, seed: 5);
        var model = new SlotMapModel(Capacity, options, _ => true, map.Sample);
        var random = new Random(1);
        long now = 0;
        for (int step = 0; step < 1500; step++)
        {
            // Clocks that stand still, go on and jump; few or many ids, often too many for the table.
            now += random.Next(8) switch { 0 => 0, 1 => random.Next(12), _ => 1 };
            map.BeginStep(now);
            model.BeginStep(now);
            for (int call = random.Next(3); call >= 0; call--)
            {
                long[] ids = Ids(random, random.Next(random.Next(10) == 0 ? 150 : 30), 260);
                Assert.Equal(model.Resolve(ids), Resolve(map, ids));
            }

            long[] read = Ids(random, 20, 260);
            Assert.Equal(model.Find(read), Find(map, read));
            if (random.Next(20) == 0)
            {
                Assert.Equal(model.EvictExpired().Length, map.EvictExpired());
                Assert.Equal(model.Count, map.Count);
            }
        }

        Assert.Equal(model.Counters, map.Counters with { Reads = 0, DefaultReads = 0 });
        Assert.True(map.Counters.Admitted > Capacity || order == "none");
        Assert.Equal(order == "none", map.Counters.Displaced == 0);
        Assert.Equal(timeToLive is null, map.Counters.Expired == 0);
    }

    // Many blocks of slots: an id is rejected only when no row at all has expired.
    [Theory]
    [InlineData("none")]
    [InlineData("lru")]
    public void Resolve_FullTableOfManyBlocks_FindsEveryExpiredRow(string order)
    {
        const int Rows = 1500;
        var options = new GrowingOptions { Eviction = Eviction(order), TimeToLive = 50, StepsAhead = 1 };
        using var map = new SlotMap(Rows, options, seed: 5);
        var model = new SlotMapModel(Rows, options, _ => true, map.Sample);
        var random = new Random(1);
        for (int step = 1; step < 600; step++)
        {
            map.BeginStep(step);
            model.BeginStep(step);
            long[] ids = Ids(random, 60, 5000);
            Assert.Equal(model.Resolve(ids), Resolve(map, ids));
        }

        Assert.Equal(model.Counters, map.Counters);
        Assert.True(map.Counters.Expired > 100 && map.Counters.RejectedFull + map.Counters.Displaced > 100, $"{map.Counters}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Resolve_Count_AdmitsAtTheOccurrenceSaid(int occurrences)
    {
        const int Candidates = 40;
        var options = new GrowingOptions { Admission = AdmissionPolicy.Count(occurrences, Candidates), Eviction = EvictionPolicy.LeastRecentlyUsed };
        using var map = new SlotMap(Capacity, options, seed: 5);
        var ring = new (long Id, int Count)?[Candidates];
        int next = 0;
        long forgotten = 0;
        var model = new SlotMapModel(Capacity, options, Admits, map.Sample);
        var random = new Random(2);
        for (int step = 1; step < 2000; step++)
        {
            map.BeginStep();
            model.BeginStep(step);
            long[] ids = Ids(random, random.Next(25), 400);
            Assert.Equal(model.Resolve(ids), Resolve(map, ids));
        }

        Assert.Equal(model.Counters with { Forgotten = forgotten }, map.Counters);
        Assert.True(forgotten > 100 || occurrences == 1);

        // A ring of ids that wait, each with its count; the table never rejects here, so an admitted id leaves at once.
        bool Admits(long id)
        {
            if (occurrences == 1)
                return true;
            int place = Array.FindIndex(ring, c => c?.Id == id);
            if (place < 0)
            {
                place = next;
                next = (next + 1) % Candidates;
                forgotten += ring[place] is null ? 0 : 1;
                ring[place] = (id, 0);
            }

            ring[place] = (id, ring[place]!.Value.Count + 1);
            bool isAdmitted = ring[place]!.Value.Count == occurrences;
            if (isAdmitted)
                ring[place] = null;
            return isAdmitted;
        }
    }

    [Fact]
    public void Resolve_Count_DuplicatesAreOccurrencesWithOneAnswer()
    {
        using var map = new SlotMap(Capacity, new GrowingOptions { Admission = AdmissionPolicy.Count(3, 10) }, seed: 1);

        Assert.Equal([-1, -1, -1], Resolve(map, 7, 8, 7));
        Assert.Equal([0, 0, -1, 0], Resolve(map, 7, 7, 8, 7));
        Assert.Equal([1, 0, 1, 1], Resolve(map, 8, 7, 8, 8));
        Assert.Equal([2, -1, 2, -1, 2], Resolve(map, 9, 10, 9, 10, 9));

        Assert.Equal(new GrowingCounters { Found = 7, Admitted = 3, NotYetAdmitted = 6 }, map.Counters);
    }

    [Fact]
    public void Resolve_CountInAFullTable_GoesOnWaiting()
    {
        using var map = new SlotMap(1, new GrowingOptions { Admission = AdmissionPolicy.Count(2, 10), TimeToLive = 5 }, seed: 1);
        map.BeginStep();
        Assert.Equal([0, 0], Resolve(map, 1, 1));
        Assert.Equal([-1, -1, -1], Resolve(map, 2, 2, 2));
        Assert.Equal(2, map.Counters.RejectedFull);

        map.BeginStep(100);

        Assert.Equal([0], Resolve(map, 2));
        Assert.Equal(1, map.Counters.Expired);
    }

    [Fact]
    public void Resolve_Probability_AdmitsThatShareOfTheIdsThatWaitInEveryStep()
    {
        const int Ids = 200_000;
        using var map = new SlotMap(Ids, new GrowingOptions { Admission = AdmissionPolicy.Probability(0.2) }, seed: 1);
        using var other = new SlotMap(Ids, new GrowingOptions { Admission = AdmissionPolicy.Probability(0.2) }, seed: 2);
        long[] ids = [.. Enumerable.Range(0, Ids).Select(i => (long)i << 40)];
        double waiting = Ids;
        for (int step = 0; step < 4; step++)
        {
            map.BeginStep();
            Resolve(map, ids);
            double expected = 0.2 * waiting;
            Assert.Equal(expected, map.Admitted.Length, 4 * Math.Sqrt(expected * 0.8));
            waiting -= map.Admitted.Length;

            // Once more in the same step: the same outcome, in any order and number.
            Resolve(map, [.. ids.Reverse(), .. ids]);
            Assert.Equal(0, map.Admitted.Length);
        }

        other.BeginStep();
        Assert.NotEqual(Resolve(map, ids).Select(s => s >= 0), Resolve(other, ids).Select(s => s >= 0));
    }

    [Fact]
    public void Resolve_ProbabilityOne_AdmitsAll()
    {
        using var map = new SlotMap(1000, new GrowingOptions { Admission = AdmissionPolicy.Probability(1) }, seed: 1);

        Assert.DoesNotContain(-1, Resolve(map, [.. Enumerable.Range(0, 1000).Select(i => (long)i)]));
    }

    // Never later than at the c-th occurrence; sooner for at most the given share of ids, even when the filter is about to begin anew.
    [Theory]
    [InlineData(2, 0.01)]
    [InlineData(4, 0.01)]
    [InlineData(2, 0.1)]
    [InlineData(2, 0.5)]
    public void Resolve_CountingBloom_IsNeverLateAndSeldomEarly(int occurrences, double rate)
    {
        const int Candidates = 50_000;
        const int Fresh = 5_000;
        using AdmissionFilter filter = AdmissionPolicy.CountingBloom(occurrences, Candidates, rate).CreateFilter(3);
        for (long id = 0; id < Candidates - Fresh; id++)
        {
            for (int i = 1; i < occurrences; i++)
                filter.Admits(id, 0);
            Assert.True(filter.Admits(id, 0));
        }

        // All counters of the others are at c − 1: a first occurrence is admitted by mistake when it shares every one of its own.
        int early = Enumerable.Range(0, Fresh).Count(i => filter.Admits(long.MinValue + i, 0));

        Assert.Equal(0, filter.ForgottenCount);
        Assert.InRange(early, Fresh * rate / 4, (Fresh * rate) + (4 * Math.Sqrt(Fresh * rate)));
    }

    [Fact]
    public void Resolve_CountingBloom_BeginsAnewWhenItHasTakenInItsIds()
    {
        using var map = new SlotMap(100_000, new GrowingOptions { Admission = AdmissionPolicy.CountingBloom(2, 1000, 0.01) }, seed: 1);
        long[] once = [.. Enumerable.Range(0, 50_000).Select(i => (long)i * 7919)];

        Resolve(map, once);

        // Without a new beginning the filter would be full after 1000 ids and admit nearly all.
        Assert.InRange(map.Counters.Admitted, 0, 50_000 * 0.01);
        Assert.InRange(map.Counters.Forgotten, 48_000, 50_000);
        Assert.Equal(0, map.Counters.Forgotten % 1000);
    }

    // The score is the sum of decay^age over all uses.
    [Fact]
    public void Score_OfManyUses_IsTheSumOfWhatIsLeftOfEach()
    {
        var options = new GrowingOptions { Eviction = EvictionPolicy.DecayedScore(0.9) };
        using var map = new SlotMap(2, options, seed: 1);
        long[] often = [3, 9, 10, 10, 14];
        long[] late = [12, 13, 16];
        for (long now = 1; now <= 20; now++)
        {
            map.BeginStep(now);
            Resolve(map, [.. often.Where(t => t == now).Select(_ => 1L), .. late.Where(t => t == now).Select(_ => 2L)]);
        }

        Assert.True(Sum(often) > Sum(late));
        map.BeginStep(21);
        Resolve(map, 3);
        Assert.Equal(2, map.Evicted[0].Id);

        static double Sum(long[] uses) => uses.Sum(t => Math.Pow(0.9, 21 - t));
    }

    [Fact]
    public void Resolve_LeastRecentlyUsed_EvictsTheOldRows()
    {
        const int Rows = 20_000;
        using var map = new SlotMap(Rows, new GrowingOptions { Eviction = EvictionPolicy.LeastRecentlyUsed }, seed: 1);
        for (int step = 0; step < 20; step++)
        {
            map.BeginStep();
            Resolve(map, [.. Enumerable.Range(step * Rows / 20, Rows / 20).Select(i => (long)i)]);
        }

        map.BeginStep();
        Resolve(map, [.. Enumerable.Range(0, 200).Select(i => 1_000_000L + i)]);

        // The oldest of 16 rows is at 1/17 of all on average.
        double age = map.Evicted.ToArray().Average(e => e.Id) / Rows;
        Assert.InRange(age, 0.02, 0.1);
    }

    [Fact]
    public void AdmissionAndEviction_SettingOutOfRange_SaysWhatIsValid()
    {
        (Action Make, string Text)[] wrong =
        [
            (() => AdmissionPolicy.Count(0, 5), "occurrences"),
            (() => AdmissionPolicy.Count(2, 0), "candidates"),
            (() => AdmissionPolicy.Count(2, int.MaxValue), "1073741824"),
            (() => AdmissionPolicy.CountingBloom(256, 5, 0.1), "255"),
            (() => AdmissionPolicy.CountingBloom(2, 0, 0.1), "candidates"),
            (() => AdmissionPolicy.CountingBloom(2, 5, 0), "above 0 and below 1"),
            (() => AdmissionPolicy.CountingBloom(2, 5, double.NaN), "above 0 and below 1"),
            (() => AdmissionPolicy.CountingBloom(2, int.MaxValue, 0.01), "at most 2147483647"),
            (() => AdmissionPolicy.Probability(0), "above 0 and at most 1"),
            (() => AdmissionPolicy.Probability(1.5), "above 0 and at most 1"),
            (() => EvictionPolicy.DecayedScore(1), "above 0 and below 1"),
            (() => new GrowingOptions { TimeToLive = -1 }.ToString(), "-1"),
            (() => new GrowingOptions { StepsAhead = -1 }.ToString(), "-1"),
        ];

        foreach ((Action make, string text) in wrong)
            Assert.Contains(text, Assert.Throws<ArgumentOutOfRangeException>(make).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_EveryPolicy_HoldsItsSettings()
    {
        Assert.Equal("always", AdmissionPolicy.Always.ToString());
        Assert.Equal("count(occurrences: 3, candidates: 1000)", AdmissionPolicy.Count(3, 1000).ToString());
        Assert.Equal("counting_bloom(occurrences: 3, candidates: 1000, false_positive_rate: 0.01)", AdmissionPolicy.CountingBloom(3, 1000, 0.01).ToString());
        Assert.Equal("probability(0.25)", AdmissionPolicy.Probability(0.25).ToString());
        Assert.Equal("none", EvictionPolicy.None.ToString());
        Assert.Equal("least_recently_used", EvictionPolicy.LeastRecentlyUsed.ToString());
        Assert.Equal("least_frequently_used", EvictionPolicy.LeastFrequentlyUsed.ToString());
        Assert.Equal("decayed_score(decay: 0.99)", EvictionPolicy.DecayedScore(0.99).ToString());
    }

    private static EvictionPolicy Eviction(string order) => order switch
    {
        "none" => EvictionPolicy.None,
        "lru" => EvictionPolicy.LeastRecentlyUsed,
        "lfu" => EvictionPolicy.LeastFrequentlyUsed,
        _ => EvictionPolicy.DecayedScore(0.8),
    };

    private static long[] Find(SlotMap map, long[] ids)
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

    // Some ids often, most seldom.
    private static long[] Ids(Random random, int count, int range)
        => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(1 + random.NextInt64(range)) - (range / 2))];
}
