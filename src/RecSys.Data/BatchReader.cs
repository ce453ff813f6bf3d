using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using RecSys.Data.Reading;

namespace RecSys.Data;

/// <summary>
/// Batches that are filled on a background thread, at most <see cref="BatchOptions.PrefetchCount"/> ahead of the consumer.
/// Every enumeration starts over with a thread of its own; leaving it early stops the thread.
/// </summary>
/// <remarks>A failure on the thread is thrown to the consumer after the batches before it.</remarks>
public sealed class BatchReader : IEnumerable<Batch>
{
    private readonly DataSchema _schema;
    private readonly BatchOptions _options;
    private readonly Func<IBatchProducer> _open;

    internal BatchReader(DataSchema schema, BatchOptions options, Func<IBatchProducer> open)
    {
        options.ThrowIfWrong();
        _schema = schema;
        _options = options;
        _open = open;
    }

    /// <inheritdoc/>
    public IEnumerator<Batch> GetEnumerator()
    {
        using var ready = new BlockingCollection<Batch>(_options.PrefetchCount);
        using var stop = new CancellationTokenSource();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(Produce) { IsBackground = true, Name = "batch reader" };
        thread.Start();
        try
        {
            foreach (Batch batch in ready.GetConsumingEnumerable())
                yield return batch;
        }
        finally
        {
            stop.Cancel();
            thread.Join();
        }

        failure?.Throw();

        void Produce()
        {
            try
            {
                Fill(ready, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The consumer has left: nobody waits for the rest.
            }
#pragma warning disable CA1031 // Whatever happens on this thread is the consumer's to handle.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                ready.CompleteAdding();
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Fill(BlockingCollection<Batch> ready, CancellationToken stop)
    {
        var free = new ConcurrentQueue<Batch>();
        using IBatchProducer producer = _open();
        while (!stop.IsCancellationRequested)
        {
#pragma warning disable CA2000 // The consumer disposes what it is given; what it is not given holds nothing to free.
            if (!free.TryDequeue(out Batch? batch))
                batch = new Batch(_schema, _options.BatchSize, free.Enqueue);
#pragma warning restore CA2000
            batch.Clear();
            long started = Stopwatch.GetTimestamp();
            if (!producer.Fill(batch))
                return;
            batch.ReadTime = Stopwatch.GetElapsedTime(started);
            batch.Lend();
            _options.OnBatch?.Invoke(batch);
            ready.Add(batch, stop);
        }
    }
}
