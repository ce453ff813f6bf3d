using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Training;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys predict</c>: click probabilities for the rows of a raw file.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var input = new Option<string>("--input") { Description = "CSV, TSV or Parquet file with a column for each feature.", Required = true };
        var output = new Option<string>("--output") { Description = "CSV file to write: one probability per row of the input, in its order, and one per further task.", Required = true };
        var json = CommonOptions.Json();
        var command = new Command("predict", "Scores the rows of a raw file with the best checkpoint of a run.") { run, input, output, json };
        command.SetAction(parsed =>
        {
            string target = parsed.GetRequiredValue(output);
            long rows = Predict(parsed.GetRequiredValue(run), parsed.GetRequiredValue(input), target);
            var writer = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                new JsonLines(writer).Write("result", new { Rows = rows, Output = target });
            else
                writer.WriteLine($"{NumberFormat.Count(rows)} probabilities in {target}");
            return ExitCode.Success;
        });
        return command;
    }

    private static long Predict(string run, string input, string output)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder))
            throw new ArgumentException($"--output: there is no folder '{folder}'; valid: a file in a folder that exists");

        using var trained = TrainedRun.Open(run);
        var batches = trained.Data.Encode(input, new BatchOptions { BatchSize = trained.Config.Train.BatchSize, OnBatch = trained.Network.Plan });
        string temporary = output + ".tmp";
        long rows = 0;
        try
        {
            using (var writer = new StreamWriter(temporary))
            {
                writer.WriteLine(string.Join(',', ["probability", .. trained.Network.Tasks.Select(task => $"probability.{task.Name}")]));
                Scorer.Score(trained.Network, trained.Rows, batches, (batch, logits) =>
                {
                    for (int row = 0; row < batch.Size; row++)
                    {
                        for (int i = row; i < logits.Length; i += batch.Size)
                        {
                            writer.Write((1 / (1 + Math.Exp(-logits[i]))).ToString("R", CultureInfo.InvariantCulture));
                            writer.Write(i + batch.Size < logits.Length ? ',' : '\n');
                        }
                    }

                    rows += batch.Size;
                });
            }

            File.Move(temporary, output, overwrite: true);
            return rows;
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
