using System.Buffers;
using System.Text.Json;
using RecSys.Data;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Serving.Monitoring;

namespace RecSys.Serving.Requests;

/// <summary><c>POST /v1/score</c>.</summary>
/// <param name="models">The models.</param>
/// <param name="options">Settings.</param>
/// <param name="metrics">Counts samples.</param>
internal sealed class ScoreHandler(ModelRepository models, ServingOptions options, ServingMetrics metrics)
{
    /// <summary>Answers a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="output">Receives the reply.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task AnswerAsync(ScoreRequest request, IBufferWriter<byte> output, CancellationToken cancellation)
    {
        using var lease = models.Hold(request.Model, request.Version);
        var samples = Encode(lease.Version, request);
        var scores = await ScoreAsync(lease.Version, samples, cancellation).ConfigureAwait(false);
        var tasks = lease.Version.Tasks.Count == 0 ? null : lease.Version.Tasks.Index().ToDictionary(task => task.Item, task => (IReadOnlyList<float>)scores[1 + task.Index]);
        Write(new ScoreReply { ModelName = lease.Version.Model, ModelVersion = lease.Version.Version, Scores = scores[0], TaskScores = tasks }, output);
    }

    /// <summary>Scores samples.</summary>
    /// <param name="version">The model.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Probabilities of the label, one per sample, then those of each further task.</returns>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">The server was started without scoring, or a sample has no score.</exception>
    public async Task<float[][]> ScoreAsync(ServedVersion version, IReadOnlyList<EncodedSample> samples, CancellationToken cancellation)
    {
        if (version.Scoring is not { } scoring)
            throw Refusal.Unavailable("The server was started for look-ups alone; it does not score.");
        metrics.CountSamples(version.Model, samples.Count);
        float[][] scores = await scoring.ScoreAsync(samples, cancellation).ConfigureAwait(false);

        // Numbers that overflow on their way through the network.
        int wrong = scores.Max(task => Array.FindIndex(task, s => !float.IsFinite(s)));
        return wrong < 0 ? scores : throw Refusal.Invalid($"samples[{wrong}]: the model computes no score from it; its numeric features are too large.");
    }

    private List<EncodedSample> Encode(ServedVersion version, ScoreRequest request)
    {
        if (request.Features is null && request.Samples is null)
            throw Refusal.Invalid("The request needs 'features', or 'samples', or both.");
        var reader = new SampleReader(version.Run.Encoder);
        var common = new EncodedSample(version.Run.Schema);
        if (request.Features is not null)
            reader.Read(common, request.Features, "features");
        if (request.Samples is null)
        {
            version.Run.Encoder.SetCrosses(common);
            return [common];
        }

        // What all samples have in common is looked up for each.
        long ids = request.Samples.Count * Math.Max(1L, common.Ids.Sum(i => i.Length));
        RequestLimits.ThrowIfMore(ids, options.MaxIds);
        List<EncodedSample> samples = [];
        for (int i = 0; i < request.Samples.Count; i++)
        {
            var sample = common.Copy();
            reader.Read(sample, request.Samples[i] ?? throw Refusal.Invalid($"samples[{i}]: is null; valid: an object with features."), $"samples[{i}]");
            version.Run.Encoder.SetCrosses(sample);
            samples.Add(sample);
            RequestLimits.ThrowIfMore(ids + reader.IdCount, options.MaxIds);
        }

        return samples;
    }

    private static void Write(ScoreReply reply, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        JsonSerializer.Serialize(writer, reply, ServingJson.Options);
    }
}
