using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tables;

/// <summary>Cuts the rows of several tables into pieces and runs them on several threads.</summary>
internal static class RowJobs
{
    // Numbers per piece: about 10 µs of work when the rows come from memory. Fewer than two pieces are not worth a second thread.
    private const int NumbersPerJob = 1 << 15;

    // Kept between steps; taken while in use, so that nested calls have their own.
    [ThreadStatic]
    private static List<RowJob>? t_spare;

    /// <summary>Checks that batches belong to the tables: their index, width and rows; a growing table may have any id.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the table and the row.</exception>
    public static void Check(IReadOnlyList<TableSpec> tables, ReadOnlySpan<RowBatch> batches)
    {
        foreach (RowBatch batch in batches)
        {
            if ((uint)batch.Table >= (uint)tables.Count)
                throw new ArgumentException($"A batch names table {batch.Table}; the store has {tables.Count} tables.", nameof(batches));
            TableSpec table = tables[batch.Table];
            if (batch.Width != table.Width)
                throw new ArgumentException($"Rows of table '{table.Name}' have {table.Width} numbers, those of the batch {batch.Width}.", nameof(batches));
            if (table.Growing is not null)
                continue;

            // As unsigned numbers, negative rows are above every table.
            ReadOnlySpan<ulong> rows = MemoryMarshal.Cast<long, ulong>(batch.Rows);
            if (rows.IsEmpty || TensorPrimitives.Max(rows) < (ulong)table.RowCount)
                continue;
            foreach (long row in batch.Rows)
            {
                if ((ulong)row >= (ulong)table.RowCount)
                    throw new ArgumentOutOfRangeException(nameof(batches), row, $"Table '{table.Name}' has no such row; valid are 0 … {table.RowCount - 1}.");
            }
        }
    }

    /// <summary>Runs work on all rows of all batches; on the calling thread alone when they are few.</summary>
    /// <param name="batches">Batches of distinct rows.</param>
    /// <param name="threadCount">Threads at most.</param>
    /// <param name="state">Handed to <paramref name="work"/>.</param>
    /// <param name="work">Does rows first … first + count − 1 of a batch.</param>
    public static void Run<TState>(ReadOnlySpan<RowBatch> batches, int threadCount, TState state, Action<TState, RowBatch, int, int> work)
    {
        long total = 0;
        foreach (RowBatch batch in batches)
            total += (long)batch.Count * batch.Width;
        if (threadCount == 1 || total < 2 * NumbersPerJob)
        {
            foreach (RowBatch batch in batches)
                work(state, batch, 0, batch.Count);
            return;
        }

        List<RowJob> jobs = t_spare ?? [];
        t_spare = null;
        Cut(batches, jobs);
        ParallelJobs.Run(jobs.Count, threadCount, (Jobs: jobs, State: state, Work: work), static (i, s) =>
        {
            RowJob job = s.Jobs[i];
            s.Work(s.State, job.Batch, job.First, job.Count);
        });
        jobs.Clear();
        t_spare = jobs;
    }

    private static void Cut(ReadOnlySpan<RowBatch> batches, List<RowJob> jobs)
    {
        foreach (RowBatch batch in batches)
        {
            int rows = Math.Max(1, NumbersPerJob / batch.Width);
            for (int first = 0; first < batch.Count; first += rows)
                jobs.Add(new RowJob(batch, first, Math.Min(rows, batch.Count - first)));
        }
    }

    private readonly record struct RowJob(RowBatch Batch, int First, int Count);
}
