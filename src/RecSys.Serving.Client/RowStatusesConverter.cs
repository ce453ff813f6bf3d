using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Serving.Client;

/// <summary>Statuses as lower-case words.</summary>
internal sealed class RowStatusesConverter : JsonConverter<IReadOnlyList<RowStatus>>
{
    private static readonly JsonEncodedText[] s_names = [.. Enum.GetNames<RowStatus>().Select(n => JsonEncodedText.Encode(JsonNamingPolicy.SnakeCaseLower.ConvertName(n)))];

    /// <summary>The word of a status.</summary>
    public static JsonEncodedText NameOf(RowStatus status) => s_names[(int)status];

    /// <inheritdoc/>
    public override IReadOnlyList<RowStatus> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        List<RowStatus> statuses = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int status = 0;
            while (status < s_names.Length && !reader.ValueTextEquals(s_names[status].EncodedUtf8Bytes))
                status++;
            statuses.Add(status < s_names.Length ? (RowStatus)status : throw new JsonException($"the status '{reader.GetString()}' is not known"));
        }

        return statuses;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<RowStatus> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var status in value)
            writer.WriteStringValue(NameOf(status));
        writer.WriteEndArray();
    }
}
