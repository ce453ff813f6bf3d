using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Serving.Client;

/// <summary>Reads <see cref="FeatureIds"/> in the long and the short form.</summary>
internal sealed class FeatureIdsConverter : JsonConverter<FeatureIds>
{
    private const string Valid = "valid: [ids], [\"values\"] or {\"ids\": […] or \"values\": […], \"lengths\": […], \"pooling\": \"none\", \"sum\" or \"mean\"}";

    /// <inheritdoc/>
    public override FeatureIds Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
            return ReadList(ref reader);
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException($"a feature is {reader.TokenType}; {Valid}");
        var result = new FeatureIds();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            reader.Read();
            result = name switch
            {
                "ids" => result with { Ids = ReadIds(ref reader) },
                "values" => result with { Values = ReadValues(ref reader) },
                "lengths" => result with { Lengths = [.. ReadIds(ref reader).Select(Length)] },
                "pooling" => result with { Pooling = ReadPooling(ref reader) },
                _ => throw new JsonException($"'{name}' is not known; {Valid}"),
            };
        }

        return result;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, FeatureIds value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        if (value.Ids is not null)
            WriteList("ids", value.Ids, static (w, id) => w.WriteNumberValue(id));
        if (value.Values is not null)
            WriteList("values", value.Values, static (w, text) => w.WriteStringValue(text));
        if (value.Lengths is not null)
            WriteList("lengths", value.Lengths, static (w, length) => w.WriteNumberValue(length));
        if (value.Pooling != VectorPooling.None)
            writer.WriteString("pooling", value.Pooling == VectorPooling.Sum ? "sum" : "mean");
        writer.WriteEndObject();

        void WriteList<T>(string name, IReadOnlyList<T> list, Action<Utf8JsonWriter, T> write)
        {
            writer.WriteStartArray(name);
            foreach (T item in list)
                write(writer, item);
            writer.WriteEndArray();
        }
    }

    // The first element decides; an empty list is one of ids.
    private static FeatureIds ReadList(ref Utf8JsonReader reader)
    {
        var ahead = reader;
        ahead.Read();
        return ahead.TokenType is JsonTokenType.String or JsonTokenType.Null ? new FeatureIds { Values = ReadValues(ref reader) } : new FeatureIds { Ids = ReadIds(ref reader) };
    }

    private static List<long> ReadIds(ref Utf8JsonReader reader)
    {
        ThrowIfNoList(ref reader);
        List<long> ids = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long id))
                throw new JsonException($"element {ids.Count} is no whole number; {Valid}");
            ids.Add(id);
        }

        return ids;
    }

    private static List<string?> ReadValues(ref Utf8JsonReader reader)
    {
        ThrowIfNoList(ref reader);
        List<string?> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                throw new JsonException($"element {values.Count} is no text; {Valid}");
            values.Add(reader.GetString());
        }

        return values;
    }

    private static void ThrowIfNoList(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException($"it is {reader.TokenType}, not a list; {Valid}");
    }

    private static int Length(long length) => length is >= 0 and <= int.MaxValue ? (int)length : throw new JsonException($"the length {length} is out of range; valid: 0 … {int.MaxValue}");

    private static VectorPooling ReadPooling(ref Utf8JsonReader reader)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text switch
        {
            "none" => VectorPooling.None,
            "sum" => VectorPooling.Sum,
            "mean" => VectorPooling.Mean,
            _ => throw new JsonException($"the pooling '{text}' is not known; {Valid}"),
        };
    }
}
