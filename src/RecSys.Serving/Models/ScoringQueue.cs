using System.Threading.Channels;
using RecSys.Data;
using RecSys.Training;

namespace RecSys.Serving.Models;

/// <summary>
/// Scores samples on one thread. What has come while a batch was computed is the next one, so batches grow with the load and nothing waits
/// for company.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ScoringQueue : IDisposable
{
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ServableRun _run;
    private readonly int _batchSize;
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="run">A run with its network.</param>
    /// <param name="batchSize">Most samples of a batch.</param>
    public ScoringQueue(ServableRun run, int batchSize)
    {
        _run = run;
        _batchSize = batchSize;
        _thread = new Thread(Work) { IsBackground = true, Name = "scoring" };
        _thread.Start();
    }

    /// <summary>Computes click probabilities, and the probabilities of the further tasks.</summary>
    /// <param name="samples">Samples of the run's features.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Those of the label, one per sample, then those of each further task.</returns>
    public Task<float[][]> ScoreAsync(IReadOnlyList<EncodedSample> samples, CancellationToken cancellation)
    {
        var job = new Job(samples, [.. Enumerable.Range(0, 1 + _run.Network!.Tasks.Count).Select(_ => new float[samples.Count])], cancellation);
        if (samples.Count == 0)
            return Task.FromResult(job.Scores);
        if (!_jobs.Writer.TryWrite(job))
            throw Refusal.Unavailable("The version of the model has been closed; try again.");
        return job.Done.Task.WaitAsync(cancellation);
    }

    /// <summary>Finishes what has been asked for and ends the thread.</summary>
    public void Dispose()
    {
        _jobs.Writer.TryComplete();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
    }

    private void Work()
    {
        List<Piece> pieces = [];
        int waiting = 0;
        while (_jobs.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_jobs.Reader.TryRead(out var job))
            {
                if (job.Cancellation.IsCancellationRequested)
                    continue;
                for (int first = 0; first < job.Samples.Count;)
                {
                    int count = Math.Min(job.Samples.Count - first, _batchSize - waiting);
                    pieces.Add(new Piece(job, first, count));
                    first += count;
                    waiting += count;
                    if (waiting < _batchSize)
                        continue;
                    Score(pieces);
                    waiting = 0;
                }
            }

            if (pieces.Count > 0)
                Score(pieces);
            waiting = 0;
        }
    }

    private void Score(List<Piece> pieces)
    {
        try
        {
            using var batch = Batch.Of(_run.Schema, [.. pieces.SelectMany(p => p.Job.Samples.Skip(p.First).Take(p.Count))]);
            _run.Network!.Plan(batch);
            Scorer.Score(_run.Network, _run.Rows, [batch], (_, logits) =>
            {
                int place = 0;
                foreach (var piece in pieces)
                {
                    for (int task = 0; task < piece.Job.Scores.Length; task++)
                    {
                        var own = logits.Slice((task * batch.Size) + place, piece.Count);
                        for (int i = 0; i < own.Length; i++)
                            piece.Job.Scores[task][piece.First + i] = (float)(1 / (1 + Math.Exp(-own[i])));
                    }

                    place += piece.Count;
                }
            });
            foreach (var piece in pieces.Where(p => p.First + p.Count == p.Job.Samples.Count))
                piece.Job.Done.TrySetResult(piece.Job.Scores);
        }
        catch (Exception e)
        {
            // The thread goes on; who asked is told.
            foreach (var piece in pieces)
                piece.Job.Done.TrySetException(e);
        }
        finally
        {
            pieces.Clear();
        }
    }

    private sealed record Job(IReadOnlyList<EncodedSample> Samples, float[][] Scores, CancellationToken Cancellation)
    {
        public TaskCompletionSource<float[][]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Piece(Job Job, int First, int Count);
}
