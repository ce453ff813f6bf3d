using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

/// <summary>Made results of a study: full tables of 1 MB, and methods at budgets of it.</summary>
internal static class StudyRuns
{
    public const long FullBytes = 1_000_000;

    /// <summary>A run; its validation AUC is its test AUC.</summary>
    public static RunReport Run(string method, string budget, int seed, double auc, long? bytes = null)
    {
        long asked = Embeddings.Budget.Parse(budget).Resolve(FullBytes);
        return new RunReport
        {
            Dataset = "data",
            Model = "fm",
            Method = method,
            Budget = budget,
            Dimension = 4,
            Auc = auc,
            Gauc = double.NaN,
            Logloss = 1 - auc,
            NormalizedEntropy = 0.9,
            Calibration = 1,
            ValidationAuc = auc,
            ValidationLogloss = 0.5,
            BestStep = 1,
            EmbeddingBytes = bytes ?? asked,
            CompressionRatio = (bytes ?? asked) / (double)FullBytes,
            Seed = seed,
            Run = "run",
        };
    }

    /// <summary>Three seeds around a mean, 0.001 apart.</summary>
    public static RunReport[] Seeds(string method, string budget, double auc, long? bytes = null)
        => [.. Enumerable.Range(0, 3).Select(seed => Run(method, budget, seed, auc + (seed - 1) * 0.001, bytes))];

    /// <summary>A budget that a method cannot reach.</summary>
    public static UnreachableBudget Unreachable(string method, string budget, long smallestBytes) => new("data", "fm", method, budget, smallestBytes);

    /// <summary>The runs as a study.</summary>
    public static ModelStudy Study(IEnumerable<RunReport> runs, params UnreachableBudget[] unreachable) => new(RunGroup.Of(runs), unreachable);

    /// <summary>A cell of a table, by the first cell of its row and the start of the header of its column.</summary>
    public static string Cell(MarkdownTable table, string row, string column)
    {
        int place = table.Headers.Index().Single(header => header.Item.StartsWith(column, StringComparison.Ordinal)).Index;
        return table.Rows.Single(cells => cells[0] == row)[place];
    }
}
