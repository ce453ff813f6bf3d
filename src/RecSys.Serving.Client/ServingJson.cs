using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Serving.Client;

/// <summary>How requests and replies are written as JSON.</summary>
public static class ServingJson
{
    /// <summary>snake_case; unknown members are errors.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };
}
