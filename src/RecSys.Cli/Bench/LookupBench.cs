using System.Diagnostics;
using RecSys.Data;
using RecSys.Embeddings.Memory;
using RecSys.Serving.Client;
using RecSys.Torch.Interop;
using RecSys.Training;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Bench;

/// <summary>
/// Look-ups of vectors by random ids: from a server of a run, over HTTP with ids and vectors as bytes, and from Redis, which has the same
/// vectors, by MGET. Both get the same ids from one process, round after round in turn. Besides, look-ups in this process beside a loop in C that copies the
/// same rows.
/// </summary>
internal sealed class LookupBench : IDisposable
{
    public const string Serve = "serve";
    public const string Redis = "redis";
    private const string Field = "item";
    private const int Dimension = 16;
    private const int FillRows = 10_000;
    private const int CallsOfARound = 500;

    // The run-time compiles what is called often once more, in the background.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(4);

    // Look-ups in this process: ids of a call, calls of a round.
    private const int GatherIds = 2600;
    private const int GatherCalls = 40;
    private const int GatherRounds = 60;
    private const int WarmUpRounds = 20;
    private const int PrefetchDistance = 32;

    private const string Config = """
        model: {name: deepfm, hidden_units: [8]}
        embedding: {dimension: 16}
        train: {batch_size: 256, epochs: 1, max_steps: 1, device: cpu}
        """;

    private readonly RecSysClient _client;
    private readonly ServeProcess _server;
    private readonly RedisProcess? _redis;
    private readonly RedisRows? _rows;
    private readonly string _run;
    private readonly int _idCount;

    /// <summary>Makes a run with a table, starts both servers and fills Redis.</summary>
    /// <param name="folder">Folder for run and socket; the caller removes it.</param>
    /// <param name="ids">About so many ids.</param>
    public LookupBench(string folder, int ids)
    {
        _run = Path.Combine(folder, "run");
        using (var lookup = Train(folder, _run, ids))
        {
            _idCount = (int)lookup.Fields.Single(f => f.Name == Field).VocabularySize;
            _redis = RedisProcess.Start(folder);
            _rows = _redis is null ? null : new RedisRows(_redis.Tcp, Dimension);
            float[] vectors = new float[FillRows * Dimension];
            for (int first = 0; first < _idCount; first += FillRows)
            {
                long[] block = [.. Enumerable.Range(first, Math.Min(FillRows, _idCount - first)).Select(i => (long)i)];
                lookup.Read(Field, block, vectors.AsSpan(0, block.Length * Dimension));
                _rows?.Set(block, vectors.AsMemory(0, block.Length * Dimension));
            }
        }

        _server = new ServeProcess(_run, "--set", "scoring=false");
        _client = _server.Connect();
    }

    /// <summary>Whether Redis was found on this machine.</summary>
    public bool HasRedis => _rows is not null;

    /// <summary>What one side did with batches of a size.</summary>
    /// <param name="Side">Name of the side.</param>
    /// <param name="Batch">Ids of a call.</param>
    /// <param name="RowsPerSecond">Vectors over the time of all calls.</param>
    /// <param name="P50">Median of a call, microseconds.</param>
    /// <param name="P99">99th percentile, microseconds.</param>
    /// <param name="P999">99.9th percentile, microseconds.</param>
    internal sealed record Measurement(string Side, int Batch, double RowsPerSecond, double P50, double P99, double P999);

    /// <summary>Look-ups in this process.</summary>
    /// <param name="RowsPerSecond">Vectors by <see cref="EmbeddingLookup.Read"/> on one thread.</param>
    /// <param name="BoundRowsPerSecond">The same rows copied by a loop in C that asks for memory ahead.</param>
    /// <param name="Ratio">Median over the rounds of the former ÷ the latter.</param>
    internal sealed record GatherMeasurement(double RowsPerSecond, double BoundRowsPerSecond, double Ratio);

    /// <summary>Measures look-ups in this process; both sides read the rows where the file is mapped.</summary>
    public GatherMeasurement MeasureGather()
    {
        using var run = ServableRun.OpenVerified(_run);
        var lookup = run.Lookup("embedding");
        using var file = SafetensorsFile.Open(Path.Combine(run.Folder, CheckpointFiles.Tables));
        var table = file.Read<float>(file.Tensors.Values.Single(t => t.Shape.SequenceEqual([(long)_idCount, Dimension])).Name);
        var random = new Random(GatherIds);
        long[] ids = new long[GatherIds];
        float[] ours = new float[GatherIds * Dimension];
        float[] copied = new float[GatherIds * Dimension];
        List<(double Ours, double Bound)> rounds = [];
        for (int round = -WarmUpRounds; round < GatherRounds; round++)
        {
            (double seconds, double bound) = (0, 0);
            for (int call = 0; call < GatherCalls; call++)
            {
                Draw(random, ids);
                long started = Stopwatch.GetTimestamp();
                lookup.Read(Field, ids, ours);
                seconds += Stopwatch.GetElapsedTime(started).TotalSeconds;

                // Other rows: those that were just read are in the caches.
                Draw(random, ids);
                bound += MemoryBounds.GatherRows(copied, table, Dimension * sizeof(float), ids, PrefetchDistance, threadCount: 1);
            }

            if (round >= 0)
                rounds.Add((GatherCalls * GatherIds / seconds, GatherCalls * GatherIds / bound));
        }

        lookup.Read(Field, ids, ours);
        if (!ours.AsSpan().SequenceEqual(copied))
            throw new InvalidOperationException("The look-up and the loop in C give different vectors.");
        return new GatherMeasurement(Median.Of(rounds.Select(r => r.Ours)), Median.Of(rounds.Select(r => r.Bound)), Median.Of(rounds.Select(r => r.Ours / r.Bound)));
    }

    /// <summary>Measures both sides.</summary>
    /// <param name="batch">Ids of a call.</param>
    /// <param name="calls">Calls of each side.</param>
    /// <exception cref="InvalidOperationException">The sides answer with different vectors.</exception>
    public IReadOnlyList<Measurement> Run(int batch, int calls)
    {
        var random = new Random(batch);
        var serve = new List<double>(calls);
        var redis = new List<double>(calls);
        float[] vectors = new float[batch * Dimension];
        long[][] round = [.. Enumerable.Range(0, CallsOfARound).Select(_ => new long[batch])];
        long begun = Stopwatch.GetTimestamp();
        while (serve.Count < calls)
        {
            bool isWarm = Stopwatch.GetElapsedTime(begun) > s_warmUp;
            foreach (long[] ids in round)
                Draw(random, ids);
            LookupReply? reply = null;
            Measure(serve, isWarm, ids => reply = _client.Lookup(new LookupRequest { Features = new Dictionary<string, FeatureIds> { [Field] = FeatureIds.OfIds(ids) } }));
            if (_rows is null)
                continue;
            Measure(redis, isWarm, ids => _rows.Get(ids, vectors));
            if (!reply!.Features[Field].Vectors[^1].Span.SequenceEqual(vectors.AsSpan((batch - 1) * Dimension)))
                throw new InvalidOperationException("The server and Redis answer with different vectors.");
        }

        void Measure(List<double> times, bool isWarm, Action<long[]> call)
        {
            foreach (long[] ids in round)
            {
                long started = Stopwatch.GetTimestamp();
                call(ids);
                if (isWarm)
                    times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            }
        }

        List<Measurement> measurements = [Summarize(Serve, batch, serve)];
        if (_rows is not null)
            measurements.Add(Summarize(Redis, batch, redis));
        return measurements;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _rows?.Dispose();
        _redis?.Dispose();
    }

    private void Draw(Random random, Span<long> ids)
    {
        foreach (ref long id in ids)
            id = random.NextInt64(_idCount);
    }

    private static Measurement Summarize(string side, int batch, List<double> times)
    {
        double[] sorted = [.. times.Order()];
        return new Measurement(side, batch, batch * sorted.Length / (sorted.Sum() / 1e6), At(0.5), At(0.99), At(0.999));

        double At(double share) => sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
    }

    // Two events per id, so that most of the ids are seen.
    private static EmbeddingLookup Train(string folder, string run, int ids)
    {
        string prepared = Path.Combine(folder, "prepared");
        SyntheticDataset.Write(new SyntheticOptions { Name = "lookups", RowCount = 2 * ids, HoldOut = 0.01, Fields = [new(Field, ids, 0), new("user", 1000, 0)] }, prepared);
        var data = PreparedDataset.Open(prepared);
        var config = RunConfig.Parse(Config, "bench", [$"dataset.path={prepared}"]);
        Directory.CreateDirectory(run);
        RunDirectory.Prepare(run, config, data, resume: false);
        using (var trainer = new Trainer(config, data, run))
            trainer.Run();
        return EmbeddingLookup.Open(run);
    }
}
