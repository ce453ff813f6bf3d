using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Embeddings.Methods;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys methods</c>: every embedding method, from the registry.</summary>
internal static class MethodsCommand
{
    public static Command Create()
    {
        var into = new Option<string[]>("--into") { Description = $"Markdown document that gets the table between its marks '<!-- report {MethodTable.Mark} -->' and '<!-- end report -->', or a shorter one where it has the mark '<!-- report {MethodTable.ShortMark} -->'. May be repeated.", DefaultValueFactory = _ => [] };
        var json = CommonOptions.Json();
        var command = new Command("methods", "Lists the embedding methods: what each stores, its bytes, options, phases and source.") { into, json };
        command.SetAction(parsed =>
        {
            MethodSummary[] methods = [.. EmbeddingMethods.All.Select(MethodSummary.Of)];
            string[] documents = parsed.GetValue(into) ?? [];
            var output = parsed.InvocationConfiguration.Output;
            foreach (string document in documents)
                Write(document, methods);
            if (parsed.GetValue(json))
                WriteJson(new JsonLines(output), methods);
            else
                output.Write(documents.Length == 0 ? Text(methods) : string.Concat(documents.Select(d => $"methods: {d}\n")));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(string document, MethodSummary[] methods)
    {
        if (!File.Exists(document))
            throw new DataException($"--into: there is no file '{document}'; valid: a Markdown document that exists");
        File.WriteAllText(document, MethodTable.Splice(File.ReadAllText(document), methods));
    }

    private static void WriteJson(JsonLines lines, MethodSummary[] methods)
    {
        foreach (var method in methods)
            lines.Write("method", method);
        lines.Write("result", new { Methods = methods.Length, MethodSummary.Dimension, MethodSummary.VocabularySizes, FullBytes = MethodSummary.FullByteCount });
    }

    private static string Text(MethodSummary[] methods)
    {
        string fields = string.Join(" and ", MethodSummary.VocabularySizes.Select(NumberFormat.Count));
        return FormattableString.Invariant($"""
            {MethodTable.Render(methods)}
            n ids of a field, d numbers of a vector, sums over fields; options without a value are off unless they are set.
            smallest: fields of {fields} ids, d = {MethodSummary.Dimension}; in full {NumberFormat.Bytes(MethodSummary.FullByteCount)}.

            """);
    }
}
