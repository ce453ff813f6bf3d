using System.Text.RegularExpressions;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>Turns DuckDB's messages about files into ones that start with the file and line.</summary>
internal static partial class SourceErrors
{
    /// <summary>The exception to throw for a failed statement over sources.</summary>
    /// <param name="error">DuckDB's failure.</param>
    /// <param name="context">What was being done, for failures that name no file.</param>
    internal static DataException Translate(DuckException error, string context)
    {
        string message = error.Message;
        Match line = CsvLine().Match(message);
        if (line.Success && CsvFile().Match(message) is { Success: true } file)
            return new DataException($"{file.Groups[1].Value}:{line.Groups[1].Value}: {Describe(message)}", error);
        if (ParquetFooter().Match(message) is { Success: true } parquet)
            return new DataException($"{parquet.Groups["file"].Value}: not a complete Parquet file (its end is missing: truncated, or another format); copy it again", error);
        return new DataException($"{context}: {FirstParagraph(message)}", error);
    }

    private static string Describe(string message)
    {
        string text = OriginalLine().Match(message) is { Success: true } original ? $"; the line reads '{original.Groups[1].Value}'" : "";
        if (WrongCount().Match(message) is { Success: true } count)
            return $"{count.Groups[2].Value} columns where {count.Groups[1].Value} are expected{text}";
        if (WrongValue().Match(message) is { Success: true } value)
            return $"column '{value.Groups[1].Value}': '{value.Groups[2].Value}' is not a {Friendly(value.Groups[3].Value)}{text}";
        if (message.Contains("Invalid unicode", StringComparison.Ordinal))
            return $"not UTF-8 text; set the source's encoding, for example 'encoding: latin-1'{text}";
        if (message.Contains("unterminated quote", StringComparison.Ordinal))
            return $"a quote is opened and not closed; set 'quote: none' where quotes are plain characters{text}";
        return FirstParagraph(message) + text;
    }

    private static string Friendly(string type) => type switch
    {
        "DOUBLE" or "FLOAT" => "number",
        "BIGINT" or "INTEGER" or "INT32" or "INT64" => "whole number",
        _ => type,
    };

    private static string FirstParagraph(string message) => message.Split("\n\n", 2)[0].Replace('\n', ' ').Trim();

    [GeneratedRegex(@"CSV Error on Line: (\d+)")]
    private static partial Regex CsvLine();

    [GeneratedRegex(@"^\s*file = (.+)$", RegexOptions.Multiline)]
    private static partial Regex CsvFile();

    [GeneratedRegex(@"^Original Line: (.*)$", RegexOptions.Multiline)]
    private static partial Regex OriginalLine();

    [GeneratedRegex(@"Expected Number of Columns: (\d+) Found: (\d+)")]
    private static partial Regex WrongCount();

    [GeneratedRegex("""Error when converting column "(.*?)"\. Could not convert string "(.*?)" to '(.*?)'""")]
    private static partial Regex WrongValue();

    [GeneratedRegex(@"No magic bytes found at end of file '(?<file>.*?)'|[Ff]ile '(?<file>.*?)' too small")]
    private static partial Regex ParquetFooter();
}
