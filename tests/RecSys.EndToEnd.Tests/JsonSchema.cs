using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary>Compares values with the schemas of an OpenAPI document. It knows the keywords that the document uses; another one is a problem.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>What is wrong with a value, each with its place.</summary>
    public IEnumerable<string> Problems(JsonElement schema, JsonElement value, string place)
        => schema.EnumerateObject().SelectMany(keyword => Problems(schema, keyword, value, place));

    /// <summary>What a reference names, or the element itself.</summary>
    public JsonElement Resolve(JsonElement element)
        => element.TryGetProperty("$ref", out var reference) ? reference.GetString()!.Split('/').Skip(1).Aggregate(document, (inner, name) => inner.GetProperty(name)) : element;

    private IEnumerable<string> Problems(JsonElement schema, JsonProperty keyword, JsonElement value, string place)
    {
        switch (keyword.Name)
        {
            // Keywords of one type say nothing about values of another.
            case "required" or "properties" or "additionalProperties" when value.ValueKind != JsonValueKind.Object:
            case "items" when value.ValueKind != JsonValueKind.Array:
            case "minimum" or "maximum" when value.ValueKind != JsonValueKind.Number:
            case "description" or "default" or "format":
                return [];
            case "$ref":
                return Problems(Resolve(schema), value, place);
            case "type":
                string[] types = keyword.Value.ValueKind == JsonValueKind.Array ? [.. keyword.Value.EnumerateArray().Select(t => t.GetString()!)] : [keyword.Value.GetString()!];
                return If(!types.Any(t => IsOf(t, value)), $"{place}: is {value.ValueKind}; valid: {string.Join(", ", types)}");
            case "enum":
                return If(!keyword.Value.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)), $"{place}: {value} is none of {keyword.Value}");
            case "minimum":
                return If(value.GetDouble() < keyword.Value.GetDouble(), $"{place}: {value} is less than {keyword.Value}");
            case "maximum":
                return If(value.GetDouble() > keyword.Value.GetDouble(), $"{place}: {value} is more than {keyword.Value}");
            case "items":
                return value.EnumerateArray().SelectMany((v, i) => Problems(keyword.Value, v, $"{place}[{i}]"));
            case "required":
                return keyword.Value.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"{place}: has no {name}");
            case "properties":
                return keyword.Value.EnumerateObject().SelectMany(p => value.TryGetProperty(p.Name, out var member) ? Problems(p.Value, member, $"{place}.{p.Name}") : []);
            case "additionalProperties":
                var others = value.EnumerateObject().Where(m => !(schema.TryGetProperty("properties", out var known) && known.TryGetProperty(m.Name, out _)));
                return keyword.Value.ValueKind == JsonValueKind.False
                    ? others.Select(m => $"{place}: has an unknown {m.Name}")
                    : others.SelectMany(m => Problems(keyword.Value, m.Value, $"{place}.{m.Name}"));
            case "anyOf":
                return If(Matches(keyword.Value, value, place) == 0, $"{place}: {value} is none of those of anyOf");
            case "oneOf":
                return If(Matches(keyword.Value, value, place) != 1, $"{place}: {value} is not one of those of oneOf");
            default:
                return [$"{place}: the keyword {keyword.Name} is not known"];
        }
    }

    private int Matches(JsonElement schemas, JsonElement value, string place) => schemas.EnumerateArray().Count(s => !Problems(s, value, place).Any());

    private static IEnumerable<string> If(bool isWrong, string problem) => isWrong ? [problem] : [];

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => false,
    };
}
