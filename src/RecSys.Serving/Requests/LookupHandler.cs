using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Serving.Monitoring;
using RecSys.Training;

namespace RecSys.Serving.Requests;

/// <summary><c>POST /v1/lookup</c>.</summary>
/// <param name="models">The models.</param>
/// <param name="options">Settings.</param>
/// <param name="metrics">Counts ids.</param>
internal sealed class LookupHandler(ModelRepository models, ServingOptions options, ServingMetrics metrics)
{
    /// <summary>Answers a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isBinary">Whether the reply is <see cref="BinaryLookup"/> instead of JSON.</param>
    /// <param name="output">Receives the reply.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">Live rows cannot be read now; nothing has been written.</exception>
    public async Task AnswerAsync(LookupRequest request, bool isBinary, IBufferWriter<byte> output, CancellationToken cancellation)
    {
        using var lease = models.Hold(request.Model, request.Version);
        var version = lease.Version;
        var lookup = Find(version.Run, request.Set);
        if (request.Features.FirstOrDefault(f => f.Value is null).Key is { } missing)
            throw Refusal.Invalid($"features.{missing}: is null; valid: ids or values.");
        RequestLimits.ThrowIfMore(request.Features.Values.Sum(f => (long)(f.Ids?.Count ?? 0) + (f.Values?.Count ?? 0)), options.MaxIds);
        var features = request.Features.Select(f => new FeatureLookup(version, lookup, f.Key, f.Value)).ToList();
        var rows = await FeatureLookup.FetchAsync(lookup, features, cancellation).ConfigureAwait(false);
        if (isBinary)
            WriteBinary(version, features, output);
        else
            WriteJson(version, features, output);
        lookup.Return(rows);
    }

    /// <summary>The look-ups of an embedding set.</summary>
    /// <param name="run">The model.</param>
    /// <param name="name">Name of the set; null takes the widest.</param>
    public static EmbeddingLookup Find(ServableRun run, string? name)
        => name is null
            ? run.Lookups.MaxBy(l => l.Dimension) ?? throw Refusal.Invalid("set: the model has no embeddings.")
            : run.Lookups.FirstOrDefault(l => l.SetName == name) ?? throw Refusal.Invalid($"set: there is no embedding set '{name}'; valid: {string.Join(", ", run.Lookups.Select(l => l.SetName))}.");

    private void WriteBinary(ServedVersion version, List<FeatureLookup> features, IBufferWriter<byte> output)
    {
        BinaryLookup.WriteReplyHead(output, version.Model, version.Version, [.. features.Select(f => (f.VectorCount, f.Dimension, f.IdCount))]);
        foreach (var feature in features)
        {
            using var vectors = Vectors.Read(feature);
            metrics.CountKeys(version.Model, vectors.Statuses);
            output.Write(MemoryMarshal.AsBytes(vectors.Numbers));
            output.Write(MemoryMarshal.AsBytes(vectors.Statuses));
        }
    }

    private void WriteJson(ServedVersion version, List<FeatureLookup> features, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, version.Model);
        writer.WriteString("model_version"u8, version.Version);
        writer.WriteStartObject("features"u8);
        foreach (var feature in features)
        {
            using var vectors = Vectors.Read(feature);
            metrics.CountKeys(version.Model, vectors.Statuses);
            writer.WriteStartObject(feature.Name);
            writer.WriteNumber("dimension"u8, feature.Dimension);
            writer.WriteStartArray("vectors"u8);
            for (int v = 0; v < feature.VectorCount; v++)
            {
                writer.WriteStartArray();
                foreach (float number in vectors.Numbers.Slice(v * feature.Dimension, feature.Dimension))
                    writer.WriteNumberValue(number);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("statuses"u8);
            foreach (var status in vectors.Statuses)
                writer.WriteStringValue(RowStatusesConverter.NameOf(status));
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // Vectors and statuses in pooled arrays.
    private readonly ref struct Vectors : IDisposable
    {
        private readonly float[] _numbers;
        private readonly RowStatus[] _statuses;

        private Vectors(FeatureLookup feature)
        {
            _numbers = ArrayPool<float>.Shared.Rent(feature.VectorCount * feature.Dimension);
            _statuses = ArrayPool<RowStatus>.Shared.Rent(feature.IdCount);
            Numbers = _numbers.AsSpan(0, feature.VectorCount * feature.Dimension);
            Statuses = _statuses.AsSpan(0, feature.IdCount);
        }

        public Span<float> Numbers { get; }

        public Span<RowStatus> Statuses { get; }

        public static Vectors Read(FeatureLookup feature)
        {
            var vectors = new Vectors(feature);
            feature.Read(vectors.Numbers, vectors.Statuses);
            return vectors;
        }

        public void Dispose()
        {
            ArrayPool<float>.Shared.Return(_numbers);
            ArrayPool<RowStatus>.Shared.Return(_statuses);
        }
    }
}
