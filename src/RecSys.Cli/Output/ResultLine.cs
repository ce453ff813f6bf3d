using System.Text.Json;
using RecSys.Data;

namespace RecSys.Cli.Output;

/// <summary>A <c>result</c> line that a verb wrote with <c>--json</c>, read back from a file.</summary>
internal sealed class ResultLine
{
    private readonly string _place;
    private readonly JsonElement _values;

    private ResultLine(string place, JsonElement values) => (_place, _values) = (place, values);

    /// <summary>What <c>recsys bench</c> measured; null for the results of other verbs.</summary>
    public string? Bench => _values.TryGetProperty("bench", out var name) ? name.GetString() : null;

    /// <summary>Reads the result lines of a file; other events are passed over.</summary>
    /// <param name="path">File of JSON lines.</param>
    /// <exception cref="DataException">The file is missing, is no JSON, or has no result.</exception>
    public static IReadOnlyList<ResultLine> Read(string path)
    {
        if (!File.Exists(path))
            throw new DataException($"{path}: the file does not exist; it holds the 'result' lines of 'recsys train --json' or 'recsys bench train --json'.");
        List<ResultLine> lines = [];
        int number = 0;
        foreach (string text in File.ReadLines(path))
        {
            string place = $"{path}:{++number}";
            var values = Try(place, () => JsonSerializer.Deserialize<JsonElement>(text));
            if (values.TryGetProperty("event", out var name) && name.GetString() == "result")
                lines.Add(new ResultLine(place, values));
        }

        return lines.Count > 0 ? lines : throw new DataException($"{path}: there is no 'result' line.");
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
