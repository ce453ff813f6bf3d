using RecSys.Data.Reading;

namespace RecSys.Data.Tests;

public sealed class BatchReaderTests
{
    private static readonly DataSchema s_schema = new()
    {
        Features = [new("id", FeatureKind.Categorical, "id", 1)],
        Vocabularies = new Dictionary<string, long> { ["id"] = 1000 },
    };

    [Fact]
    public void Enumerate_FailureOfTheProducer_ReachesTheConsumerAfterTheBatchesBefore()
    {
        var reader = new BatchReader(s_schema, new BatchOptions { BatchSize = 2 }, () => new Counter { FailAt = 3 });
        var seen = new List<long>();

        var error = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (Batch batch in reader)
            {
                using (batch)
                    seen.Add(batch.Ids[0].Values[0]);
            }
        });

        Assert.Equal("planted", error.Message);
        Assert.Equal([0, 1, 2], seen);
    }

    [Fact]
    public void Enumerate_FailureWhenOpening_ReachesTheConsumer()
    {
        var reader = new BatchReader(s_schema, new BatchOptions(), () => throw new InvalidDataException("cannot open"));

        Assert.Equal("cannot open", Assert.Throws<InvalidDataException>(() => reader.Count()).Message);
    }

    [Fact]
    public void Enumerate_FailureOfOnBatch_ReachesTheConsumer()
    {
        var options = new BatchOptions { OnBatch = batch => throw new InvalidDataException("plan") };

        Assert.Equal("plan", Assert.Throws<InvalidDataException>(() => new BatchReader(s_schema, options, () => new Counter()).First()).Message);
    }

    [Fact]
    public void Enumerate_SlowConsumer_IsNeverMoreThanThePrefetchBehind()
    {
        var counter = new Counter();
        int consumed = 0;
        int furthest = 0;
        // Ready ones, one being handed over and one being filled: what the ring may hold beyond the consumer's.
        var options = new BatchOptions { BatchSize = 2, PrefetchCount = 3, OnBatch = _ => furthest = Math.Max(furthest, counter.Filled - Volatile.Read(ref consumed)) };
        foreach (Batch batch in new BatchReader(s_schema, options, () => counter))
        {
            using (batch)
            {
                if (consumed % 10 == 0)
                    Thread.Sleep(5);
                Interlocked.Increment(ref consumed);
            }
        }

        Assert.Equal(Counter.Count, consumed);
        Assert.InRange(furthest, 1, 3 + 2);
    }

    [Fact]
    public void Enumerate_DisposedBatches_AreUsedAgainWithTheirTag()
    {
        var objects = new HashSet<Batch>();
        var tags = new HashSet<object>();
        foreach (Batch batch in new BatchReader(s_schema, new BatchOptions { BatchSize = 2, PrefetchCount = 2 }, () => new Counter()))
        {
            using (batch)
            {
                if (!objects.Add(batch))
                    Assert.NotNull(batch.Tag);
                batch.Tag ??= new object();
                tags.Add(batch.Tag);
            }
        }

        Assert.InRange(objects.Count, 1, 2 + 3);
        Assert.Equal(objects.Count, tags.Count);
    }

    [Fact]
    public void Enumerate_BatchesKeptByTheConsumer_KeepTheirContent()
    {
        Batch[] kept = [.. new BatchReader(s_schema, new BatchOptions { BatchSize = 2, PrefetchCount = 1 }, () => new Counter())];

        Assert.Equal(Enumerable.Range(0, Counter.Count).Select(i => (long)i), kept.Select(batch => batch.Ids[0].Values[0]));
    }

    [Fact]
    public void Enumerate_LeftEarly_StopsTheThreadAndDisposesTheProducer()
    {
        var counter = new Counter();
        foreach (Batch batch in new BatchReader(s_schema, new BatchOptions { PrefetchCount = 1 }, () => counter))
        {
            batch.Dispose();
            break;
        }

        Assert.True(counter.IsDisposed);
        Assert.InRange(counter.Filled, 1, 4);
    }

    [Fact]
    public void Enumerate_OnBatch_RunsOnTheReadersThreadWithAFilledBatch()
    {
        var threads = new HashSet<string?>();
        var sizes = new List<int>();
        var options = new BatchOptions
        {
            BatchSize = 2,
            OnBatch = batch =>
            {
                threads.Add(Thread.CurrentThread.Name);
                sizes.Add(batch.Size);
            },
        };

        Assert.Equal(Counter.Count, new BatchReader(s_schema, options, () => new Counter()).Count());

        Assert.Equal(["batch reader"], threads);
        Assert.All(sizes, size => Assert.Equal(2, size));
    }

    [Fact]
    public void Constructor_WrongOptions_NameTheValue()
        => Assert.Throws<ArgumentOutOfRangeException>(() => new BatchReader(s_schema, new BatchOptions { BatchSize = 0 }, () => new Counter()));

    private sealed class Counter : IBatchProducer
    {
        internal const int Count = 60;
        private int _filled;

        internal int Filled => Volatile.Read(ref _filled);

        internal int FailAt { get; init; } = -1;

        internal bool IsDisposed { get; private set; }

        public bool Fill(Batch batch)
        {
            if (_filled == FailAt)
                throw new InvalidDataException("planted");
            if (_filled == Count)
                return false;
            batch.IdBuffers[0].AddSamples(2, 2).Fill(_filled);
            batch.Size = 2;
            Interlocked.Increment(ref _filled);
            return true;
        }

        public void Dispose() => IsDisposed = true;
    }
}
