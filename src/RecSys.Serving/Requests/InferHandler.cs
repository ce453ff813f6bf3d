using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using RecSys.Serving.Models;

namespace RecSys.Serving.Requests;

/// <summary><c>POST /v2/models/MODEL/infer</c>: scores and vectors as tensors.</summary>
/// <param name="models">The models.</param>
/// <param name="options">Settings.</param>
/// <param name="score">Scores samples.</param>
internal sealed class InferHandler(ModelRepository models, ServingOptions options, ScoreHandler score)
{
    private const string Scores = "scores";
    private const string EmbeddingPrefix = "embedding.";

    /// <summary>An output.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Shape">Sizes.</param>
    /// <param name="Data">Elements.</param>
    /// <param name="IsBinary">Whether they follow the JSON as bytes.</param>
    private sealed record OutputTensor(string Name, int[] Shape, float[] Data, bool IsBinary);

    /// <summary>Names of the outputs with scores: that of the label, then those of the further tasks.</summary>
    /// <param name="version">The model.</param>
    public static string[] ScoreOutputs(ServedVersion version) => [Scores, .. version.Tasks.Select(task => $"{Scores}.{task}")];

    /// <summary>Cuts the bytes behind the JSON into inputs.</summary>
    /// <param name="request">The JSON.</param>
    /// <param name="bytes">What follows it.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">Their sizes do not fit.</exception>
    public static InferRequest WithBytes(InferRequest request, ReadOnlyMemory<byte> bytes)
    {
        List<InferRequest.InputTensor> inputs = [];
        foreach (var input in request.Inputs)
        {
            // What is missing in the JSON is null here, whatever the type says.
            if (input?.Name is null || input.Shape is null || input.Datatype is null)
                throw Refusal.Invalid("inputs: an element is null, or has no name, shape or datatype.");
            if (input.Parameters?.TryGetValue("binary_data_size", out var size) != true)
            {
                inputs.Add(input);
                continue;
            }

            if (size.ValueKind != JsonValueKind.Number || !size.TryGetInt32(out int length) || length < 0 || length > bytes.Length)
                throw Refusal.Invalid($"inputs.{input.Name}.parameters.binary_data_size: {size} is out of range; {bytes.Length} bytes are left behind the JSON.");
            inputs.Add(input with { Bytes = bytes[..length] });
            bytes = bytes[length..];
        }

        return bytes.IsEmpty ? request with { Inputs = inputs } : throw Refusal.Invalid($"{bytes.Length} bytes follow those of the inputs.");
    }

    /// <summary>Answers a request.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="versionName">Version of the model; null takes the current one.</param>
    /// <param name="request">The request.</param>
    /// <param name="output">Receives the reply.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Bytes of the JSON when others follow it; else null.</returns>
    public async Task<int?> AnswerAsync(string model, string? versionName, InferRequest request, IBufferWriter<byte> output, CancellationToken cancellation)
    {
        using var lease = models.Hold(model, versionName);
        var version = lease.Version;
        var samples = new InferSamples(version, request.Inputs, options.MaxIds);
        bool allBinary = IsTrue(request.Parameters, "binary_data_output");
        List<OutputTensor> outputs = [];
        string[] scoreOutputs = ScoreOutputs(version);
        float[][]? scores = null;
        foreach (var wanted in request.Outputs ?? [new InferRequest.RequestedOutput(Scores)])
        {
            bool isBinary = wanted?.Parameters?.ContainsKey("binary_data") == true ? IsTrue(wanted.Parameters, "binary_data") : allBinary;
            if (wanted?.Name is { } name && Array.IndexOf(scoreOutputs, name) is var task and >= 0)
            {
                scores ??= await score.ScoreAsync(version, samples.Build(), cancellation).ConfigureAwait(false);
                outputs.Add(new OutputTensor(name, [scores[task].Length], scores[task], isBinary));
            }
            else if (wanted?.Name?.StartsWith(EmbeddingPrefix, StringComparison.Ordinal) == true)
            {
                outputs.Add(await VectorsAsync(version, samples, wanted.Name, isBinary, cancellation).ConfigureAwait(false));
            }
            else
            {
                throw Refusal.Invalid($"outputs: '{wanted?.Name}' is not known; valid: {string.Join(", ", scoreOutputs)}, {EmbeddingPrefix}FEATURE.");
            }
        }

        return Write(version, request.Id, outputs, output);
    }

    private static async Task<OutputTensor> VectorsAsync(ServedVersion version, InferSamples samples, string name, bool isBinary, CancellationToken cancellation)
    {
        string feature = name[EmbeddingPrefix.Length..];
        var lookup = LookupHandler.Find(version.Run, name: null);
        var field = FeatureLookup.FieldOf(version.Run, lookup, feature);
        long[] ids = samples.IdsOf(feature);
        float[] vectors = new float[ids.Length * lookup.Dimension];
        var rows = await lookup.FetchAsync([(field.Name, ids)], cancellation).ConfigureAwait(false);
        lookup.Read(field.Name, ids, vectors, rows);
        lookup.Return(rows);
        return new OutputTensor(name, [ids.Length, lookup.Dimension], vectors, isBinary);
    }

    private static int? Write(ServedVersion version, string? id, List<OutputTensor> outputs, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, version.Model);
        writer.WriteString("model_version"u8, version.Version);
        if (id is not null)
            writer.WriteString("id"u8, id);
        writer.WriteStartArray("outputs"u8);
        foreach (var tensor in outputs)
            Write(writer, tensor);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        foreach (var tensor in outputs.Where(t => t.IsBinary))
            output.Write(MemoryMarshal.AsBytes<float>(tensor.Data));
        return outputs.Any(t => t.IsBinary) ? (int)writer.BytesCommitted : null;
    }

    private static void Write(Utf8JsonWriter writer, OutputTensor tensor)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, tensor.Name);
        writer.WriteString("datatype"u8, "FP32"u8);
        writer.WriteStartArray("shape"u8);
        foreach (int size in tensor.Shape)
            writer.WriteNumberValue(size);
        writer.WriteEndArray();
        if (tensor.IsBinary)
        {
            writer.WriteStartObject("parameters"u8);
            writer.WriteNumber("binary_data_size"u8, tensor.Data.Length * sizeof(float));
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray("data"u8);
            foreach (float number in tensor.Data)
                writer.WriteNumberValue(number);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static bool IsTrue(IReadOnlyDictionary<string, JsonElement>? parameters, string name)
        => parameters is not null && parameters.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.True;
}
