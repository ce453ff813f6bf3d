using System.Text.Json.Serialization;

namespace RecSys.Serving.Client;

/// <summary>Vectors of one feature.</summary>
public sealed record FeatureVectors
{
    /// <summary>Numbers of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>A vector per id, or per bag where the vectors were pooled.</summary>
    public required IReadOnlyList<ReadOnlyMemory<float>> Vectors { get; init; }

    /// <summary>A status per id.</summary>
    [JsonConverter(typeof(RowStatusesConverter))]
    public required IReadOnlyList<RowStatus> Statuses { get; init; }
}
