using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using RecSys.Embeddings;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch.Interop;

namespace RecSys.Cli.Bench;

/// <summary>
/// The kernels of RecSys.Embeddings beside what the memory allows (<see cref="MemoryBounds"/>): both sides take turns on rows of
/// the same tables, with as many threads, at the register width of this process.
/// </summary>
internal sealed partial class KernelBench
{
    private const int ListCount = 24;
    private const long HashedIds = 4 << 20;
    private static readonly string[] s_distributions = ["uniform", "zipf"];
    private static readonly int[] s_prefetchDistances = [8, 16, 32, 64];

    private readonly KernelBenchOptions _options;
    private readonly Action<KernelMeasurement> _report;
    private readonly RowSamples[] _samples;
    private readonly int _threads;
    private readonly int _rowBytes;
    private MemorySpeed? _memory;

    private KernelBench(KernelBenchOptions options, Action<KernelMeasurement> report)
    {
        _options = options;
        _report = report;
        _threads = options.Threads;
        _rowBytes = options.Dimension * sizeof(float);
        _samples = [.. s_distributions.Select(name => new RowSamples(name, options.Rows, ListCount))];
    }

    // Numbers of the bounds: distance and kind of copy are chosen before the first kernel is measured.
    private MemorySpeed Memory => _memory ?? throw new InvalidOperationException("The memory has not been measured.");

    /// <summary>Measures everything.</summary>
    /// <param name="options">Sizes.</param>
    /// <param name="report">Receives each result at once.</param>
    /// <returns>What the memory does.</returns>
    public static MemorySpeed Run(KernelBenchOptions options, Action<KernelMeasurement> report)
    {
        // The run-time compiles a method in several steps, each after some thirty calls, in the background and a tenth of a second later.
        var small = options with { Rows = Math.Min(options.Rows, 1 << 10), Repetitions = 2 * ListCount };
        for (int step = 0; step < options.WarmUpRounds; step++)
        {
            new KernelBench(small, _ => { }).MeasureAll();
            Thread.Sleep(200);
        }

        return new KernelBench(options, report).MeasureAll();
    }

    private MemorySpeed MeasureAll()
    {
        var field = new EmbeddingField("field", _options.Rows);
        var full = Build("full", field, Budget.Full, MethodOptions.Empty);
        using (var store = CreateStore(full.Tables, "sgd"))
        {
            _memory = MeasureMemory(store.RowTables[0]);
            foreach (var samples in _samples)
            {
                MeasureGather(samples, store);
                MeasurePooled(samples, full, field, store);
                MeasureUpdate(samples, store, "sgd");
            }
        }

        foreach (string optimizer in (string[])["row_wise_adagrad", "adagrad", "lazy_adam"])
        {
            using var store = CreateStore(full.Tables, optimizer);
            foreach (var samples in _samples)
                MeasureUpdate(samples, store, optimizer);
        }

        foreach (var format in Enum.GetValues<RowFormat>().Where(f => f != RowFormat.Fp32))
            MeasureGather(format);
        foreach (var samples in _samples)
        {
            MeasureScatter(samples);
            MeasureDistinct(samples);
        }

        MeasureHash();
        MeasureLookups();
        MeasureServableForms();
        return Memory;
    }

    private void Measure(string kernel, string rows, string unit, double bytes, string bound, Func<int, Sample> ours, Func<int, Sample> least)
    {
        double[] speeds = new double[_options.Repetitions];
        double[] bounds = new double[_options.Repetitions];

        // The first turn makes buffers and is not counted.
        for (int turn = -1; turn < _options.Repetitions; turn++)
        {
            double speed = ours(turn + 1).MillionPerSecond;
            double limit = least(_samples[0].Opposite(turn + 1)).MillionPerSecond;
            if (turn >= 0)
                (speeds[turn], bounds[turn]) = (speed, limit);
        }

        double median = Median(speeds);
        _report(new KernelMeasurement(
            kernel, rows, VectorWidth.Bits, unit, median, median * bytes / 1e3, bound, Median(bounds), Median(speeds.Zip(bounds, (a, b) => a / b))));
    }

    private void MeasureGather(RowSamples samples, MemoryRowStore store)
    {
        var batch = new RowBatch(0, _options.Dimension);
        Measure("gather", samples.Name, "rows", _rowBytes, "row reads", Ours, list => ReadBound(store.RowTables[0], samples.DistinctIds(list), Memory.PrefetchDistance));

        Sample Ours(int list)
        {
            batch.Clear();
            batch.Add(samples.DistinctIds(list));
            return Timed(batch.Count, () => store.Gather([batch]));
        }
    }

    private void MeasureUpdate(RowSamples samples, MemoryRowStore store, string optimizer)
    {
        RowTable table = store.RowTables[0];
        var batch = new RowBatch(0, _options.Dimension);
        float[] zeros = new float[samples.Ids(0).Length * _options.Dimension];
        int bytes = _rowBytes + (table.StateWidth * sizeof(float));
        Measure(optimizer, samples.Name, "rows", 2 * bytes, "row updates", Ours, list => UpdateBound(table, samples.DistinctIds(list), zeros, Memory.UpdatePrefetchDistance));

        Sample Ours(int list)
        {
            batch.Clear();
            batch.Add(samples.DistinctIds(list));
            batch.Gradients.Fill(1e-4f);
            return Timed(batch.Count, () => store.Apply([batch]));
        }
    }

    private void MeasureGather(RowFormat format)
    {
        var spec = new TableSpec("t", _options.Rows, _options.Dimension, Initializer.Uniform(0.05)) { Precision = RowPrecision.Fp32 with { Format = format } };
        using var store = new MemoryRowStore([spec], new Sgd(new SparseOptimizerOptions()), seed: 1) { ThreadCount = _threads };
        var batch = new RowBatch(0, _options.Dimension);
        foreach (var samples in _samples)
        {
            Measure(
                $"gather_{spec.Precision}",
                samples.Name,
                "rows",
                spec.RowByteCount,
                "row reads",
                list =>
                {
                    batch.Clear();
                    batch.Add(samples.DistinctIds(list));
                    return Timed(batch.Count, () => store.Gather([batch]));
                },
                list => new Sample(
                    MemoryBounds.ReadRows<byte>(All(store.RowTables[0].Rows), spec.RowByteCount, samples.DistinctIds(list), Memory.PrefetchDistance, _threads),
                    samples.DistinctIds(list).Length));
        }
    }

    // Each thread has a part of the ids and its own sums, as the backward pass does.
    private void MeasureScatter(RowSamples samples)
    {
        int dimension = _options.Dimension;
        int count = samples.Ids(0).Length;
        float[] gradients = new float[count * dimension];
        float[] sums = new float[count * dimension];
        RowBatch[] parts = [.. Enumerable.Range(0, _threads).Select(_ => new RowBatch(0, dimension))];
        Measure("scatter_add", samples.Name, "ids", 3 * _rowBytes, "row updates", Ours, Least);

        Sample Ours(int list)
        {
            Distribute(samples.Ids(list), parts);
            foreach (var part in parts)
                part.ClearGradients();
            return Split(count, (first, length) =>
            {
                var part = parts[(int)((long)first * _threads / count)];
                EmbeddingKernels.ScatterAdd(gradients.AsSpan(first * dimension, length * dimension), dimension, part.Index, part.Gradients, dimension);
            });
        }

        Sample Least(int list)
        {
            Distribute(samples.Ids(list), parts);
            List<long> rows = [];
            int start = 0;
            foreach (var part in parts)
            {
                foreach (int place in part.Index)
                    rows.Add(start + place);
                start += part.Count;
            }

            Array.Clear(sums);
            return new Sample(
                MemoryBounds.UpdateRows(sums.AsSpan(), _rowBytes, [], 0, gradients, CollectionsMarshal.AsSpan(rows), Memory.PrefetchDistance, _threads), count);
        }
    }

    // Each thread numbers the distinct ids of its part, as it does for different tables.
    private void MeasureDistinct(RowSamples samples)
    {
        int count = samples.Ids(0).Length;
        RowBatch[] parts = [.. Enumerable.Range(0, _threads).Select(_ => new RowBatch(0, 1))];
        long capacity = BitOperations.RoundUpToPowerOf2((uint)(2 * count / _threads));
        ulong[] slots = new ulong[capacity * _threads];
        Measure("distinct", samples.Name, "ids", sizeof(ulong), "slot updates", Ours, Least);

        Sample Ours(int list) => Split(count, (first, length) =>
        {
            var part = parts[(int)((long)first * _threads / count)];
            part.Clear();
            part.Add(samples.Ids(list).AsSpan(first, length));
        });

        Sample Least(int list)
        {
            long[] ids = samples.Ids(list);
            long[] places = [.. ids.Select((id, i) => ((long)i * _threads / count * capacity) + ((long)RowHash.Mix((ulong)id) & (capacity - 1)))];
            return new Sample(MemoryBounds.UpdateRows(slots.AsSpan(), sizeof(ulong), [], 0, [], places, Memory.PrefetchDistance, _threads), count);
        }
    }

    private void MeasureHash()
    {
        long count = Math.Min(HashedIds, 64L * _options.Rows);
        using var ids = new NativeBuffer<long>(count);
        using var rows = new NativeBuffer<long>(count);
        for (int i = 0; i < count; i++)
            All(ids)[i] = (long)RowHash.Mix((ulong)i);
        Measure(
            "hash",
            "any",
            "ids",
            2 * sizeof(long),
            "copy",
            _ => Split((int)count, (first, length) => RowHash.Address(ids.Span(first, length), 1, _options.Rows, rows.Span(first, length))),
            _ => new Sample(MemoryBounds.Copy(MemoryMarshal.Cast<long, float>(All(ids)), MemoryMarshal.Cast<long, float>(All(rows)), Memory.StreamingStores, _threads), count));
    }

    private void Distribute(long[] ids, RowBatch[] parts)
    {
        for (int t = 0; t < _threads; t++)
        {
            parts[t].Clear();
            parts[t].Add(ids.AsSpan(First(ids.Length, t), First(ids.Length, t + 1) - First(ids.Length, t)));
        }
    }

    private Sample Split(int count, Action<int, int> part)
        => Timed(count, () => Parallel.For(0, _threads, t => part(First(count, t), First(count, t + 1) - First(count, t))));

    // First item of a thread's part; the bounds cut at the same places.
    private int First(int count, int thread) => (int)((long)count * thread / _threads);

    private static Sample Timed(int count, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return new Sample(Stopwatch.GetElapsedTime(start).TotalSeconds, count);
    }

    private MemoryRowStore CreateStore(IReadOnlyList<TableSpec> tables, string optimizer)
    {
        var store = new MemoryRowStore(tables, SparseOptimizers.Create(optimizer, new SparseOptimizerOptions()), 1) { ThreadCount = _threads };

        // State that was never written has no memory of its own yet.
        foreach (var table in store.RowTables)
            All(table.States).Fill(0.01f);
        return store;
    }

    private static TableSpec Table(string name, long rows, int width) => new(name, rows, width, new Initializer(InitialDistribution.Constant, 0.01f));

    private static Span<float> Floats(RowTable table) => table.Floats(0, (int)table.Spec.RowCount);

    private static Span<T> All<T>(NativeBuffer<T> buffer)
        where T : unmanaged => buffer.Span(0, checked((int)buffer.Length));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Sample(double Seconds, long Count)
    {
        public double MillionPerSecond => Count / Seconds / 1e6;
    }
}
