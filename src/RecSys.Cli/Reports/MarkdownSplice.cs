using RecSys.Data;

namespace RecSys.Cli.Reports;

/// <summary>Replaces generated text in a Markdown document, between <c>&lt;!-- report NAME --&gt;</c> and <c>&lt;!-- end report --&gt;</c>.</summary>
internal static class MarkdownSplice
{
    private const string End = "<!-- end report -->";

    /// <summary>Whether the document has a place for the text.</summary>
    /// <param name="document">A Markdown document.</param>
    /// <param name="name">Name in the first marker.</param>
    public static bool IsIn(string document, string name) => document.Contains(Begin(name), StringComparison.Ordinal);

    /// <summary>The document with new text between the markers.</summary>
    /// <param name="document">A Markdown document.</param>
    /// <param name="name">Name in the first marker.</param>
    /// <param name="text">The generated text; ends with a line feed.</param>
    /// <exception cref="DataException">A marker is missing.</exception>
    public static string Replace(string document, string name, string text)
    {
        string begin = Begin(name);
        int start = document.IndexOf(begin, StringComparison.Ordinal);
        int end = start < 0 ? -1 : document.IndexOf(End, start, StringComparison.Ordinal);
        return end >= 0
            ? string.Concat(document.AsSpan(0, start + begin.Length), text, document.AsSpan(end))
            : throw new DataException($"The document has no line '{begin.TrimEnd()}' followed by a line '{End}'.");
    }

    private static string Begin(string name) => $"<!-- report {name} -->\n";
}
