using System.Globalization;
using System.Text;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;
using RecSys.Data.Synthetic;

namespace RecSys.Data;

/// <summary>Makes click logs with a known rule, so that it is known how good a model can get.</summary>
public static class SyntheticDataset
{
    private const ulong LabelStream = 5;

    /// <summary>Generates a log and prepares it like any other.</summary>
    /// <param name="options">What to generate.</param>
    /// <param name="outputFolder">Where to put the prepared data set; one that is there is replaced.</param>
    /// <param name="progress">Told of every step.</param>
    public static PreparationSummary Write(SyntheticOptions options, string outputFolder, IProgress<PreparationProgress>? progress = null)
    {
        string raw = Path.GetFullPath(outputFolder) + FormattableString.Invariant($".{Environment.ProcessId}.raw.parquet");
        Directory.CreateDirectory(Path.GetDirectoryName(raw)!);
        try
        {
            progress?.Report(new PreparationProgress("generate", $"generating {options.RowCount:N0} rows", 0, options.RowCount));
            BestKnown best = WriteRaw(options, raw);
            return Preparation.Run(ConfigNode.Parse(Configuration(options, raw), $"{options.Name} (generated)"), outputFolder, progress, best);
        }
        finally
        {
            File.Delete(raw);
        }
    }

    /// <summary>Generates a log as one Parquet file: <c>time</c>, one column of ids per field, <c>label</c>, <c>true_probability</c>.</summary>
    /// <param name="options">What to generate.</param>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <returns>What the true probabilities score on the test rows, the last ones.</returns>
    public static BestKnown WriteRaw(SyntheticOptions options, string path)
    {
        var generator = new EventGenerator(options);
        float[] logits = new float[options.RowCount];
        generator.Run((row, _, logit) => logits[row] = (float)logit);
        double bias = KnownRule.Bias(logits, options.Rate);

        int testFrom = TestFrom(options);
        double[] probabilities = new double[options.RowCount - testFrom];
        bool[] labels = new bool[probabilities.Length];
        using (DuckDatabase database = DuckDatabase.Open(null, new DuckOptions { TemporaryFolder = path + ".spill" }))
        {
            using (var table = new RawTable(database, options))
            {
                generator.Run((row, ids, _) =>
                {
                    double probability = KnownRule.Probability(logits[row] + bias);
                    bool label = new SplitMix(SplitMix.Combine((ulong)options.Seed, LabelStream, (ulong)row)).NextDouble() < probability;
                    table.Add(row, ids, label, probability);
                    if (row >= testFrom)
                        (probabilities[row - testFrom], labels[row - testFrom]) = (probability, label);
                });
                table.Complete();
            }

            database.CopyToParquet("SELECT * FROM log", path);
        }

        return KnownRule.Score(probabilities, labels);
    }

    private static bool IsHidden(SyntheticOptions options, int field) => options.History is { HidesCategory: true } history && history.Category == field;

    private static int TestFrom(SyntheticOptions options) => options.RowCount - (int)(options.RowCount * options.HoldOut);

    private static string Configuration(SyntheticOptions options, string raw)
    {
        int testFrom = TestFrom(options);
        var yaml = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $$$"""
            name: {{{options.Name}}}
            seed: {{{options.Seed}}}
            min_count: {{{options.MinCount}}}
            vocabulary_share: {{{options.VocabularyShare}}}
            sources: {log: {path: '{{{raw.Replace("'", "''", StringComparison.Ordinal)}}}', format: parquet}}
            split: {by: time, order: time, validation_from: {{{testFrom - (options.RowCount - testFrom)}}}, test_from: {{{testFrom}}}}
            features:
            - {columns: [{{{string.Join(", ", options.Fields.Where((_, index) => !IsHidden(options, index)).Select(field => field.Name))}}}]}

            """));
        if (options.HasCrosses)
            yaml.Insert(0, "crosses: [{}]\n");
        if (options.History is not { } history)
            return yaml.ToString();

        string user = options.Fields[history.User].Name;
        foreach (int of in new[] { history.Item, history.Category }.Where(of => !IsHidden(options, of)))
        {
            yaml.AppendLine(CultureInfo.InvariantCulture,
                $"- {{name: {options.Fields[of].Name}_history, type: sequence, of: {options.Fields[of].Name}, user: {SqlText.Name(user)}, order: time, max_length: {history.Length}}}");
        }

        yaml.AppendLine(CultureInfo.InvariantCulture, $"group: {user}");
        return yaml.ToString();
    }
}
