using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys demo</c>: the main job end to end on data it makes.</summary>
internal static class DemoCommand
{
    private const string Run = """
        dataset: {path: prepared}
        model: {name: deepfm, hidden_units: [64, 32]}
        embedding: {dimension: 16, method: {name: full}}
        sparse_optimizer: {name: row_wise_adagrad, learning_rate: 0.05}
        dense_optimizer: {name: adam, learning_rate: 0.003}
        train: {batch_size: 1024, epochs: 1, seed: 2026}
        """;

    private static readonly Dictionary<string, string[]> s_models = new()
    {
        ["deepfm"] = [],
        ["din"] = ["model.attention_hidden_units=[32, 16]"],
    };

    private static readonly string[] s_methods = ["low_dimension", "hash", "double_hash", "qr", "unified"];
    private static readonly string[] s_budgets = ["0.5", "0.2"];

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder of everything the demo makes; replaced.", DefaultValueFactory = _ => "demo" };
        var command = new Command("demo", "Makes a data set, trains two models with six methods at several budgets, and shows what each byte bought.") { output };
        command.SetAction(parsed =>
        {
            Execute(parsed.GetRequiredValue(output), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Execute(string folder, TextWriter output)
    {
        long started = Stopwatch.GetTimestamp();
        string runs = Path.Combine(folder, "runs");
        if (Directory.Exists(runs))
            Directory.Delete(runs, recursive: true);
        Directory.CreateDirectory(folder);
        string prepared = Path.Combine(folder, "prepared");
        var schema = MakeData(prepared, output);

        List<RunReport> reports = [];
        using (var display = ProgressDisplay.ForPeople())
        {
            foreach (string model in s_models.Keys)
            {
                foreach ((string method, string budget) in Grid())
                {
                    string name = $"{model}-{method}-{budget}";
                    var config = RunConfig.Parse(Run, "demo", [$"dataset.path={prepared}", $"model.name={model}", .. s_models[model], $"embedding.method={{name: {method}, budget: {budget}}}"]);
                    reports.Add(TrainingSession.Run(config, Path.Combine(runs, name), resume: false, display, phase: name));
                }
            }
        }

        output.Write($"\n{RunTable.Render(reports)}\n");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best possible on the test rows (true probabilities): AUC {schema.BestKnown!.Auc:0.0000}, logloss {schema.BestKnown.LogLoss:0.0000}\n"));
        LookUp(reports.MaxBy(r => r.ValidationAuc)!, prepared, output);
        string report = StudyReport.Write(folder, "What each byte bought", "./recsys demo", reports, []);
        output.WriteLine($"\nreport: {report}   took {NumberFormat.Duration(Stopwatch.GetElapsedTime(started))}");
    }

    private static IEnumerable<(string Method, string Budget)> Grid()
        => [("full", "1"), .. s_methods.SelectMany(_ => s_budgets, (method, budget) => (method, budget))];

    private static DataSchema MakeData(string prepared, TextWriter output)
    {
        var options = SyntheticOptions.Demo();
        output.WriteLine($"making {NumberFormat.Count(options.RowCount)} events with a known rule, and preparing them");
        var schema = SyntheticDataset.Write(options, prepared).Schema;
        output.WriteLine($"prepared {NumberFormat.Count(schema.RowCount(DataSplit.Train))} training rows, {NumberFormat.Count(schema.Vocabularies.Values.Sum())} distinct ids");
        return schema;
    }

    private static void LookUp(RunReport best, string prepared, TextWriter output)
    {
        using var lookup = EmbeddingLookup.Open(best.Run);
        var data = PreparedDataset.Open(prepared);
        output.WriteLine($"look-ups from the best run on validation ({best.Run}):");
        foreach (string field in (string[])["item", "category"])
        {
            long[] ids = [1, 2, 3];
            float[][] vectors = lookup.LookUp(field, ids);
            var values = data.Vocabulary(field).ValuesOf(ids);
            for (int i = 0; i < ids.Length; i++)
            {
                string numbers = string.Join(", ", vectors[i].Take(4).Select(v => v.ToString("0.000", CultureInfo.InvariantCulture)));
                output.WriteLine($"  {field} {values[i]} (id {ids[i]}): [{numbers}, … {vectors[i].Length} numbers]");
            }
        }
    }
}
