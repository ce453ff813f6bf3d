using System.Diagnostics;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Cli.Bench;

/// <summary>Reading and updating rows on a device beside what its memory allows: a copy of numbers in the same run.</summary>
internal sealed class DeviceBench(DeviceBenchOptions options)
{
    private const int ListCount = 8;
    private const long CopiedNumbers = 1 << 26;

    private static readonly string[] s_precisions = ["fp32", "bf16", "int8", "int4"];

    /// <summary>Bytes a second of a copy, read and written ones together.</summary>
    public double CopyBytesPerSecond { get; private set; }

    /// <summary>Measures everything.</summary>
    /// <param name="report">Receives each result at once.</param>
    public void Run(Action<DeviceMeasurement> report)
    {
        using (torch.NewDisposeScope())
        {
            long count = Math.Min(CopiedNumbers, (long)options.Rows * options.Dimension);
            var from = torch.zeros([count], device: options.Device);
            var to = torch.zeros([count], device: options.Device);
            CopyBytesPerSecond = 2 * count * sizeof(float) / Seconds(_ => to.copy_(from));
        }

        RowSamples[] samples = [new("uniform", options.Rows, ListCount), new("zipf", options.Rows, ListCount)];
        foreach (string precision in s_precisions)
            Measure(precision, "row_wise_adagrad", samples, withGather: true, report);
        foreach (string optimizer in SparseOptimizers.Names.Where(o => o != "row_wise_adagrad"))
            Measure("fp32", optimizer, samples, withGather: false, report);
    }

    private void Measure(string precision, string optimizer, RowSamples[] samples, bool withGather, Action<DeviceMeasurement> report)
    {
        var spec = new TableSpec("rows", options.Rows, options.Dimension, Initializer.Normal(0.01)) { Precision = RowPrecision.Parse(precision) };
        using var store = new DeviceRowStore([spec], SparseOptimizers.Create(optimizer, new SparseOptimizerOptions { LearningRate = 0.01 }), 1, options.Device);
        var table = store.TableOf(0);
        store.Optimizer.BeginStep();
        using var scope = torch.NewDisposeScope();
        foreach (var sample in samples)
        {
            int vector = options.Dimension * sizeof(float);
            Tensor[] ids = [.. Enumerable.Range(0, ListCount).Select(list => torch.tensor(sample.Ids(list), device: options.Device))];
            if (withGather)
                Report("gather", sample.Ids, spec.RowByteCount + vector, list => table.Gather(ids[list]));

            Tensor[] distinct = [.. Enumerable.Range(0, ListCount).Select(list => torch.tensor(sample.DistinctIds(list), device: options.Device))];
            Tensor[] gradients = [.. distinct.Select(rows => torch.full([rows.numel, options.Dimension], 1e-6, device: options.Device))];
            Report($"update {optimizer}", sample.DistinctIds, (2 * spec.RowByteCount) + vector + (2 * table.StateWidth * sizeof(float)), list => table.Apply(distinct[list], gradients[list], store.Optimizer));

            void Report(string kernel, Func<int, long[]> rowsOf, long rowBytes, Action<int> work)
            {
                double rows = Enumerable.Range(0, ListCount).Average(list => rowsOf(list).Length) / Seconds(work);
                double bytes = rows * (rowBytes + sizeof(long));
                report(new DeviceMeasurement(kernel, precision, sample.Name, rows / 1e6, bytes / 1e9, bytes / CopyBytesPerSecond));
            }
        }
    }

    // Of one call, median of the repetitions; each goes over all lists, and waits for the device at its end alone.
    private double Seconds(Action<int> work)
    {
        return Median.Of(Enumerable.Range(0, options.Repetitions + 1).Select(_ => Once()).Skip(1).ToList());

        double Once()
        {
            using var scope = torch.NewDisposeScope();
            Wait();
            long began = Stopwatch.GetTimestamp();
            for (int list = 0; list < ListCount; list++)
                work(list);
            Wait();
            return Stopwatch.GetElapsedTime(began).TotalSeconds / ListCount;
        }
    }

    private void Wait()
    {
        if (options.Device.Type == DeviceType.CUDA)
            torch.cuda_synchronize();
    }
}
