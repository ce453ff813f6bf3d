using RecSys.Embeddings;

namespace RecSys.Cli.Reports;

/// <summary>Runs that differ only in seed: one point of a study.</summary>
internal sealed class RunGroup
{
    private RunGroup(IReadOnlyList<RunReport> runs)
    {
        Runs = runs;
        Bytes = runs.Average(r => r.EmbeddingBytes);
        Auc = Sample.Of(runs.Select(r => r.Auc));
        Gauc = Sample.Of(runs.Select(r => r.Gauc));
        Logloss = Sample.Of(runs.Select(r => r.Logloss));
        ValidationAuc = Sample.Of(runs.Select(r => r.ValidationAuc));
    }

    /// <summary>The runs, at least one.</summary>
    public IReadOnlyList<RunReport> Runs { get; }

    /// <summary>Data set of the runs.</summary>
    public string Dataset => Runs[0].Dataset;

    /// <summary>Model of the runs.</summary>
    public string Model => Runs[0].Model;

    /// <summary>What the method is called in tables and plots.</summary>
    public string Name => NameOf(Runs[0]);

    /// <summary>The budget as it was asked for.</summary>
    public string Budget => Runs[0].Budget;

    /// <summary>The budget in bytes.</summary>
    public double AskedBytes => BytesOf(Budget);

    /// <summary>Mean bytes of the embeddings as served.</summary>
    public double Bytes { get; }

    /// <summary>AUC on the test split.</summary>
    public Sample Auc { get; }

    /// <summary>Grouped AUC on the test split.</summary>
    public Sample Gauc { get; }

    /// <summary>Logloss on the test split.</summary>
    public Sample Logloss { get; }

    /// <summary>AUC on the validation split.</summary>
    public Sample ValidationAuc { get; }

    // Whatever else runs on a machine only slows a run down, so the fastest run is nearest to the truth.

    /// <summary>Samples a second of the fastest run; null where not measured.</summary>
    public double? SamplesPerSecond => Runs.Max(r => r.SamplesPerSecond);

    /// <summary>Nanoseconds of a look-up of the fastest run; null where not measured.</summary>
    public double? LookupNanoseconds => Runs.Min(r => r.LookupNanoseconds);

    /// <summary>Bytes of the embeddings in training at their peak; null where not measured.</summary>
    public long? TrainingBytes => Runs.Max(r => r.EmbeddingBytesTraining);

    /// <summary>Groups runs, by data set and model, then by falling bytes asked for and by falling AUC.</summary>
    public static IReadOnlyList<RunGroup> Of(IEnumerable<RunReport> runs) =>
    [
        .. runs.GroupBy(r => (r.Dataset, r.Model, Method: NameOf(r), r.Budget))
            .Select(g => new RunGroup([.. g]))
            .OrderBy(g => g.Dataset, StringComparer.Ordinal).ThenBy(g => g.Model, StringComparer.Ordinal)
            .ThenByDescending(g => g.AskedBytes).ThenByDescending(g => g.Auc.Mean).ThenBy(g => g.Name, StringComparer.Ordinal),
    ];

    /// <summary>Bytes of another budget of the same tables.</summary>
    /// <param name="budget">A share of the full tables, or bytes.</param>
    public double BytesOf(string budget) => Embeddings.Budget.Parse(budget).Resolve((long)Math.Round(Runs[0].EmbeddingBytes / Runs[0].CompressionRatio));

    private static string NameOf(RunReport run) => run.Before is null ? run.Method : RunReport.AfterTraining(run.Method);
}
