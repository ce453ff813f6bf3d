using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

/// <summary>Random operations against a dictionary: no row is lost, torn or given to two ids.</summary>
[Collection(OutstandingMemory.Name)]
public sealed class GrowingTableChurnTests
{
    private const int Width = 6;
    private const int BatchSize = 64;

    [Theory]
    [InlineData(1000, 0.5, 50_000)]
    [InlineData(1000, 1.0, 100_000)]
    [InlineData(1000, 1.5, 100_000)]
    [InlineData(3, 20, 50_000)]
    public void Operations_Random_KeepEveryRow(int capacity, double load, int operations) => Run(capacity, load, operations);

    [Theory]
    [Trait("Category", "Long")]
    [InlineData(50_000, 0.5)]
    [InlineData(50_000, 0.9)]
    [InlineData(50_000, 1.0)]
    [InlineData(50_000, 1.5)]
    public void Operations_TenMillion_KeepEveryRow(int capacity, double load) => Run(capacity, load, 10_000_000);

    private static void Run(int capacity, double load, int operations)
    {
        // Most ids come again within this time, but not all: rows leave in both ways. With as many ids as rows, all stay and fill it.
        long idCount = (long)(capacity * load);
        long? timeToLive = load == 1 ? null : 1 + (2 * idCount / BatchSize);
        var options = new GrowingOptions { Eviction = EvictionPolicy.LeastRecentlyUsed, TimeToLive = timeToLive, StepsAhead = 1 };
        var spec = new TableSpec("t", capacity, Width, Initializer.Zero);
        using GrowingTable table = new(spec with { Growing = options }, SparseOptimizers.Create("sgd", new() { LearningRate = 1 }), seed: 3);
        var model = new Model(table, idCount, seed: 1);
        int largest = 0;
        for (int done = 0; done < operations; done += BatchSize)
        {
            model.Step();
            largest = Math.Max(largest, table.Count);
        }

        model.CheckAll();
        Assert.Equal(load >= 1, largest == capacity);
        Assert.Equal(load != 1, table.Counters.Expired > capacity / 10);
        Assert.Equal(load > 1, table.Counters.Displaced > 0);
    }

    // Updates add a number that depends on id and column: a row is its number of updates times these.
    private sealed class Model(GrowingTable table, long idCount, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<long, (long Slot, int Updates, int Step)> _rows = [];
        private readonly Dictionary<long, long> _idOfSlot = [];
        private readonly RowBatch _batch = new(0, Width);
        private readonly long[] _ids = new long[BatchSize];
        private readonly long[] _slots = new long[BatchSize];
        private readonly float[] _vectors = new float[BatchSize * Width];
        private GrowingCounters _before;
        private int _step;

        public void Step()
        {
            _step++;
            table.BeginStep();
            switch (_random.Next(4))
            {
                case 0:
                    Draw();
                    CheckVectors();
                    break;
                case 1 when _random.Next(20) == 0:
                    table.EvictExpired();
                    TakeEvicted();
                    break;
                default:
                    Draw();
                    Resolve();
                    Update();
                    break;
            }

            Assert.Equal(_rows.Count, table.Count);
        }

        public void CheckAll()
        {
            foreach (long[] ids in _rows.Keys.Concat(Enumerable.Range(0, 1000).Select(i => -1L - i)).Chunk(BatchSize).Where(c => c.Length == BatchSize))
            {
                ids.CopyTo(_ids, 0);
                CheckVectors();
            }
        }

        // Ids all over the 64 bits, some often, with duplicates.
        private void Draw()
        {
            for (int i = 0; i < BatchSize; i++)
            {
                long number = _random.NextInt64(_random.Next(4) == 0 ? Math.Max(1, idCount / 10) : idCount);
                _ids[i] = number < 3 ? long.MinValue + number : (number << 44) - number;
            }
        }

        private void Resolve()
        {
            _before = table.Counters;
            table.Resolve(_ids, _slots);
            TakeEvicted();
            foreach (SlotId admitted in table.Admitted)
            {
                Assert.True(_idOfSlot.TryAdd(admitted.Slot, admitted.Id));
                _rows.Add(admitted.Id, (admitted.Slot, 0, _step));
            }

            int rejected = 0;
            for (int i = 0; i < BatchSize; i++)
            {
                if (_rows.TryGetValue(_ids[i], out var row))
                    _rows[_ids[i]] = row with { Step = _step };
                else
                    rejected++;
                Assert.Equal(_rows.ContainsKey(_ids[i]) ? row.Slot : -1, _slots[i]);
            }

            GrowingCounters after = table.Counters;
            Assert.Equal(rejected, after.RejectedFull - _before.RejectedFull);
            Assert.Equal(BatchSize, after.Found + after.Admitted + rejected - _before.Found - _before.Admitted);
            if (rejected > 0)
                Assert.True(table.Count == table.Spec.RowCount && _rows.Values.All(r => r.Step >= _step - 1), "An id was rejected though a row could make way.");
        }

        // Rows used in this step or the one before are pinned.
        private void TakeEvicted()
        {
            foreach (SlotId evicted in table.Evicted)
            {
                Assert.True(_rows.Remove(evicted.Id, out var row));
                Assert.Equal(evicted.Slot, row.Slot);
                Assert.True(row.Step < _step - 1);
                Assert.True(_idOfSlot.Remove(evicted.Slot));
            }
        }

        private void Update()
        {
            _batch.Clear();
            foreach (long slot in _slots)
            {
                if (slot >= 0)
                    _batch.Add([slot]);
            }

            Span<float> gradients = _batch.Gradients;
            for (int i = 0; i < _batch.Count; i++)
            {
                long id = _idOfSlot[_batch.Rows[i]];
                _rows[id] = _rows[id] with { Updates = _rows[id].Updates + 1 };
                for (int j = 0; j < Width; j++)
                    gradients[(i * Width) + j] = -Unit(id, j);
            }

            table.Update(_batch.Rows, gradients);
        }

        private void CheckVectors()
        {
            table.Gather(_ids, _vectors);
            table.Find(_ids, _slots);
            for (int i = 0; i < BatchSize; i++)
            {
                int updates = _rows.TryGetValue(_ids[i], out var row) ? row.Updates : 0;
                Assert.Equal(_rows.ContainsKey(_ids[i]) ? row.Slot : -1, _slots[i]);
                for (int j = 0; j < Width; j++)
                    Assert.Equal(updates * Unit(_ids[i], j), _vectors[(i * Width) + j]);
            }
        }

        // 1 … 8: sums of two million of them are exact.
        private static float Unit(long id, int column) => 1 + (RowHash.Mix((ulong)id) >> (3 * column) & 7);
    }
}
