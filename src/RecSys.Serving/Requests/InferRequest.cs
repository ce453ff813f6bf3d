using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Serving.Requests;

/// <summary>A request of the open inference protocol (KServe, Triton), version 2.</summary>
internal sealed record InferRequest
{
    /// <summary>Anything; it comes back with the reply.</summary>
    public string? Id { get; init; }

    /// <summary><c>binary_data_output</c>: all outputs as bytes.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Parameters { get; init; }

    /// <summary>The inputs.</summary>
    public required IReadOnlyList<InputTensor> Inputs { get; init; }

    /// <summary>What is wanted; null for the scores.</summary>
    public IReadOnlyList<RequestedOutput>? Outputs { get; init; }

    /// <summary>An input.</summary>
    /// <param name="Name">Name of a feature, or with <c>.lengths</c> behind it the lengths of its lists.</param>
    /// <param name="Shape">Sizes.</param>
    /// <param name="Datatype">Type of the elements.</param>
    /// <param name="Data">The elements, flat or nested; null when they follow the JSON as bytes.</param>
    /// <param name="Parameters"><c>binary_data_size</c>: so many bytes follow the JSON.</param>
    public sealed record InputTensor(
        string Name,
        IReadOnlyList<long> Shape,
        string Datatype,
        JsonElement? Data = null,
        IReadOnlyDictionary<string, JsonElement>? Parameters = null)
    {
        /// <summary>The bytes that follow the JSON.</summary>
        [JsonIgnore]
        public ReadOnlyMemory<byte> Bytes { get; init; }
    }

    /// <summary>An output.</summary>
    /// <param name="Name"><c>scores</c>, or <c>embedding.FEATURE</c>.</param>
    /// <param name="Parameters"><c>binary_data</c>: as bytes.</param>
    public sealed record RequestedOutput(string Name, IReadOnlyDictionary<string, JsonElement>? Parameters = null);
}
