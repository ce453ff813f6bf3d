using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace RecSys.Cli.Output;

/// <summary>Writes events as JSON, one object a line, names in snake_case, <c>event</c> first. Thread-safe.</summary>
internal sealed class JsonLines(TextWriter writer)
{
    /// <summary>How events are written, and read back.</summary>
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteNumberConverter(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly Lock _lock = new();

    /// <summary>Writes one event and flushes, so that a reader of the pipe sees it at once.</summary>
    /// <param name="name">The value of <c>event</c>; the last event of a command is <c>result</c>.</param>
    /// <param name="payload">An object or dictionary whose properties follow; numbers that are not finite become null.</param>
    public void Write(string name, object payload)
    {
        var line = new JsonObject { ["event"] = name };
        if (JsonSerializer.SerializeToNode(payload, Options) is not JsonObject properties)
            throw new ArgumentException($"The payload of event '{name}' is {payload.GetType().Name}; valid: an object or a dictionary.", nameof(payload));
        foreach ((string key, JsonNode? value) in properties.ToList())
        {
            properties.Remove(key);
            line.Add(key, value);
        }

        string text = line.ToJsonString(Options);
        lock (_lock)
        {
            writer.Write(text + "\n");
            writer.Flush();
        }
    }
}
