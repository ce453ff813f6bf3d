using RecSys.Data;
using RecSys.Embeddings.Methods;

namespace RecSys.Cli.Reports;

/// <summary>The embedding methods as Markdown tables.</summary>
internal static class MethodTable
{
    /// <summary>Name of the marks around the whole table in a document.</summary>
    public const string Mark = "methods";

    /// <summary>Name of the marks around the short table.</summary>
    public const string ShortMark = "methods short";

    /// <summary>Everything that is known of each method.</summary>
    /// <param name="methods">The methods.</param>
    public static string Render(IEnumerable<MethodSummary> methods)
    {
        var table = new MarkdownTable("name", "stored", "bytes", "options (default first)", "phases", "smallest:", "source");
        foreach (var method in methods)
        {
            string options = method.Options.Count == 0 ? "–" : string.Join(", ", method.Options.Select(Option));
            table.Add(Code(method.Name), method.Stored, method.Bytes, options, string.Join(", ", method.Phases), NumberFormat.Bytes(method.SmallestByteCount), method.Source);
        }

        return table.ToString();
    }

    /// <summary>Name, what is stored, and source of each method.</summary>
    /// <param name="methods">The methods.</param>
    public static string RenderShort(IEnumerable<MethodSummary> methods)
    {
        var table = new MarkdownTable("name", "stored", "source");
        foreach (var method in methods)
            table.Add(Code(method.Name), method.Stored, method.Source);
        return table.ToString();
    }

    /// <summary>A Markdown document with the tables that it has marks for.</summary>
    /// <param name="document">The document.</param>
    /// <param name="methods">The methods.</param>
    /// <exception cref="DataException">It has no such marks.</exception>
    public static string Splice(string document, IReadOnlyList<MethodSummary> methods)
    {
        if (MarkdownSplice.IsIn(document, ShortMark))
            document = MarkdownSplice.Replace(document, ShortMark, RenderShort(methods));
        else if (!MarkdownSplice.IsIn(document, Mark))
            throw new DataException($"The document has no line '<!-- report {Mark} -->' or '<!-- report {ShortMark} -->'.");
        return MarkdownSplice.IsIn(document, Mark) ? MarkdownSplice.Replace(document, Mark, Render(methods)) : document;
    }

    private static string Option(KeyValuePair<string, string> option) => Code(option.Value.Length == 0 ? option.Key : $"{option.Key}: {option.Value}");

    private static string Code(string text) => $"`{text}`";
}
