using System.Text;
using System.Text.Json;
using RecSys.Data;
using RecSys.Embeddings;

namespace RecSys.Serving.Requests;

/// <summary>Reads the features of samples from JSON.</summary>
/// <param name="encoder">Turns values into ids and numbers.</param>
internal sealed class SampleReader(FeatureEncoder encoder)
{
    /// <summary>Ids that have been read.</summary>
    public long IdCount { get; private set; }

    /// <summary>Reads features into a sample.</summary>
    /// <param name="sample">The sample; what is not named stays as it is.</param>
    /// <param name="features">Values by feature.</param>
    /// <param name="path">Where they stand, for messages.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">A value is not valid; the message names the feature.</exception>
    public void Read(EncodedSample sample, IReadOnlyDictionary<string, object?> features, string path)
    {
        foreach ((string name, object? value) in features)
        {
            string place = $"{path}.{name}";
            if (!encoder.TryFind(name, out var feature, out int index))
            {
                string[] valid = [.. encoder.Schema.GivenFeatures.Select(f => f.Name)];
                throw Refusal.Invalid($"{place}: the model has no such feature; {NearestName.Hint(name, valid)}valid: {string.Join(", ", valid)}.");
            }

            var json = value is JsonElement element ? element : default;
            if (!feature.HasIds)
                sample.Numbers[index] = json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? 0 : FeatureEncoder.NumberOf(feature, Number(json, place));
            else if (feature.Kind == FeatureKind.Categorical)
                sample.Ids[index] = [IdOf(feature, json, place)];
            else
                sample.Ids[index] = ListOf(feature, json, place);
        }
    }

    private long[] ListOf(DataFeature feature, JsonElement json, string place)
    {
        if (json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return [];
        if (json.ValueKind != JsonValueKind.Array)
            throw Refusal.Invalid($"{place}: is no list; valid: a list of values{(feature.Kind == FeatureKind.Sequence ? ", the oldest first" : "")}.");
        List<long> ids = [];
        int number = 0;
        foreach (var item in json.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Null)
                ids.Add(IdOf(feature, item, $"{place}[{number}]"));
            number++;
        }

        return FeatureEncoder.Keep(feature, ids);
    }

    private long IdOf(DataFeature feature, JsonElement json, string place)
    {
        IdCount++;
        if (json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return 0;
        if (feature.IsRawNumber)
            return encoder.IdOf(feature, Number(json, place));
        byte[] text = json.ValueKind switch
        {
            JsonValueKind.String => JsonText.Utf8Of(json, place),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Encoding.UTF8.GetBytes(json.GetRawText()),
            _ => throw Refusal.Invalid($"{place}: is no single value; valid: a text or a number."),
        };
        return encoder.IdOf(feature, text);
    }

    private static double Number(JsonElement json, string place)
        => json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Refusal.Invalid($"{place}: is no finite number.");
}
