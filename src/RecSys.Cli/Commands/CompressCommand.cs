using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Embeddings.Methods;
using RecSys.Training;
using RecSys.Training.Compression;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys compress</c>: makes a smaller run of a finished one, without training.</summary>
internal static class CompressCommand
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var method = new Option<string?>("--method") { Description = $"Method whose tables are made from the run's vectors: {string.Join(", ", EmbeddingMethods.AfterTraining.Select(m => m.Name))}; the run's own by default." };
        var budget = new Option<string?>("--budget") { Description = "Bytes to serve, over all embedding sets: a fraction of the full tables (0.1) or bytes (1.6MB). Without it the tables keep their shapes." };
        var precision = new Option<string?>("--precision") { Description = "Precision of the rows, such as int8, rounded to the nearest; the run's own by default." };
        var set = CommonOptions.Set();
        set.Description = "Another setting of method or precision: --set embedding.method.block=10. May be repeated.";
        var output = new Option<string?>("--out") { Description = "Folder of the compressed run, new or empty; RUN-METHOD-BUDGET-PRECISION by default." };
        var json = CommonOptions.Json();
        var command = new Command("compress", "Compresses the embeddings of a finished run without training, as a run of its own, and evaluates both.") { run, method, budget, precision, set, output, json };
        command.SetAction(parsed =>
        {
            var options = new CompressionOptions
            {
                Method = parsed.GetValue(method),
                Budget = parsed.GetValue(budget),
                Precision = parsed.GetValue(precision),
                Settings = parsed.GetValue(set)!,
            };
            string directory = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(run));
            string target = parsed.GetValue(output) ?? string.Join('-', new[] { directory, options.Method, options.Budget, options.Precision }.OfType<string>());
            var result = RunCompression.Run(directory, target, options);
            Write(result, target, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(CompressionResult result, string target, bool json, TextWriter output)
    {
        if (json)
            new JsonLines(output).Write("result", RunReport.Create(result));
        else
            output.Write($"{Table(result)}\n{NumberFormat.Duration(TimeSpan.FromSeconds(result.Seconds))}\nrun: {target}\n");
    }

    private static string Table(CompressionResult result)
    {
        var table = new MarkdownTable("", "method", "bytes:", "auxiliary:", "disk:", "ratio:", "look-up:", "validation AUC:", "AUC:", "logloss:");
        Add("before", result.Before);
        Add("after", result.After);
        return table.ToString();

        void Add(string name, CompressionFigures run) => table.Add(
            name,
            run.Config.Embedding.Method.Label,
            NumberFormat.Bytes(run.Bytes.Serving),
            NumberFormat.Bytes(run.Bytes.Auxiliary),
            NumberFormat.Bytes(run.Bytes.Disk),
            run.Bytes.CompressionRatio.ToString("0.####", CultureInfo.InvariantCulture),
            NumberFormat.Nanoseconds(run.LookupNanoseconds),
            Format(run.Validation.Auc),
            Format(run.Test.Auc),
            Format(run.Test.LogLoss));
    }

    private static string Format(double value) => double.IsNaN(value) ? "–" : FormattableString.Invariant($"{value:0.0000}");
}
