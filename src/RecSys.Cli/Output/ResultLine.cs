using System.Text.Json;
using RecSys.Data;

namespace RecSys.Cli.Output;

/// <summary>A line that a verb wrote with <c>--json</c>, read back from a file: a <c>result</c>, or another event.</summary>
internal sealed class ResultLine
{
    /// <summary>Event of <see cref="UnreachableBudget"/> in the results of a study.</summary>
    public const string Unreachable = "unreachable";

    private readonly string _place;
    private readonly JsonElement _values;

    private ResultLine(string place, JsonElement values) => (_place, _values) = (place, values);

    /// <summary>Name of the event.</summary>
    public string? Event => _values.ValueKind == JsonValueKind.Object && _values.TryGetProperty("event", out var name) ? name.GetString() : null;

    /// <summary>What <c>recsys bench</c> measured; null for the results of other verbs.</summary>
    public string? Bench => _values.TryGetProperty("bench", out var name) ? name.GetString() : null;

    /// <summary>Reads the result lines of a file; other events are passed over.</summary>
    /// <param name="path">File of JSON lines.</param>
    /// <exception cref="DataException">The file is missing, is no JSON, or has no result.</exception>
    public static IReadOnlyList<ResultLine> Read(string path)
    {
        var lines = Read(path, "result");
        return lines.Count > 0 ? lines : throw new DataException($"{path}: there is no 'result' line.");
    }

    /// <summary>Reads the lines of one event of a file, of which there may be none.</summary>
    /// <param name="path">File of JSON lines.</param>
    /// <param name="eventName">The event.</param>
    /// <exception cref="DataException">The file is missing or is no JSON.</exception>
    public static IReadOnlyList<ResultLine> Read(string path, string eventName) => [.. ReadAll(path).Where(line => line.Event == eventName)];

    /// <summary>Reads all lines of a file, of any event.</summary>
    /// <param name="path">File of JSON lines.</param>
    /// <exception cref="DataException">The file is missing or is no JSON.</exception>
    public static IReadOnlyList<ResultLine> ReadAll(string path)
    {
        if (!File.Exists(path))
            throw new DataException($"{path}: the file does not exist; it holds the 'result' lines of 'recsys study', 'recsys train --json' or 'recsys bench train --json'.");
        return
        [
            .. File.ReadLines(path).Select((text, index) =>
            {
                string place = FormattableString.Invariant($"{path}:{index + 1}");
                return new ResultLine(place, Try(place, () => JsonSerializer.Deserialize<JsonElement>(text)));
            }),
        ];
    }

    /// <summary>The line as an object.</summary>
    /// <typeparam name="T">Record whose properties were written.</typeparam>
    /// <exception cref="DataException">A property is missing or of another type.</exception>
    public T As<T>() => Try(_place, () => _values.Deserialize<T>(JsonLines.Options))!;

    private static T Try<T>(string place, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (JsonException e)
        {
            throw new DataException($"{place}: not a result of this version: {e.Message}");
        }
    }
}
