using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RecSys.Serving.Client;
using RecSys.Serving.Http;
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
    /// <param name="response">Receives the reply.</param>
    /// <exception cref="IOException">Live rows cannot be read now; nothing has been written.</exception>
    public async Task AnswerAsync(LookupRequest request, bool isBinary, HttpResponse response)
    {
        using var lease = models.Hold(request.Model, request.Version);
        var version = lease.Version;
        var lookup = Find(version.Run, request.Set);
        if (request.Features.FirstOrDefault(f => f.Value is null).Key is { } missing)
            throw Refusal.Invalid($"features.{missing}: is null; valid: ids or values.");
        RequestLimits.ThrowIfMore(request.Features.Values.Sum(f => (long)(f.Ids?.Count ?? 0) + (f.Values?.Count ?? 0)), options.MaxIds);
        FeatureLookup[] features = [.. request.Features.Select(f => new FeatureLookup(version, lookup, f.Key, f.Value))];
        var rows = await FeatureLookup.FetchAsync(lookup, features, response.HttpContext.RequestAborted).ConfigureAwait(false);
        if (isBinary)
            await WriteBinaryAsync(version, features, response).ConfigureAwait(false);
        else
            WriteJson(version, features, response);
        lookup.Return(rows);
    }

    /// <summary>The look-ups of an embedding set.</summary>
    /// <param name="run">The model.</param>
    /// <param name="name">Name of the set; null takes the widest.</param>
    public static EmbeddingLookup Find(ServableRun run, string? name)
        => name is null
            ? run.Lookups.MaxBy(l => l.Dimension) ?? throw Refusal.Invalid("set: the model has no embeddings.")
            : run.Lookups.FirstOrDefault(l => l.SetName == name) ?? throw Refusal.Invalid($"set: there is no embedding set '{name}'; valid: {string.Join(", ", run.Lookups.Select(l => l.SetName))}.");

    // All of it in one array first: what fails, fails before anything is sent, and one write is one call of the system.
    private async Task WriteBinaryAsync(ServedVersion version, FeatureLookup[] features, HttpResponse response)
    {
        var head = new ArrayBufferWriter<byte>();
        BinaryLookup.WriteReplyHead(head, version.Model, version.Version, [.. features.Select(f => (f.VectorCount, f.Dimension, f.IdCount))]);
        int length = checked(head.WrittenCount + features.Sum(ByteCount));
        byte[] reply = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            head.WrittenSpan.CopyTo(reply);
            int at = head.WrittenCount;
            foreach (var feature in features)
            {
                var bytes = reply.AsSpan(at, ByteCount(feature));
                var statuses = MemoryMarshal.Cast<byte, RowStatus>(bytes[^feature.IdCount..]);
                feature.Read(MemoryMarshal.Cast<byte, float>(bytes[..^feature.IdCount]), statuses);
                metrics.CountKeys(version.Model, statuses);
                at += bytes.Length;
            }

            response.ContentType = BinaryLookup.ContentType;
            response.ContentLength = length;
            await response.BodyWriter.WriteAsync(reply.AsMemory(0, length), response.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reply);
        }

        static int ByteCount(FeatureLookup feature) => checked((feature.VectorCount * feature.Dimension * sizeof(float)) + feature.IdCount);
    }

    private void WriteJson(ServedVersion version, FeatureLookup[] features, HttpResponse response)
    {
        response.ContentType = ServingEndpoints.Json;
        using var writer = new Utf8JsonWriter(response.BodyWriter);
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
