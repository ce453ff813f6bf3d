using RecSys.Data;

namespace RecSys.Training;

/// <summary>A split and what a run says of its samples; all metrics of the split and of parts of it come from here.</summary>
public sealed class ScoredSplit
{
    internal ScoredSplit(TrainedRun run, DataSplit split, ScoredSamples samples)
    {
        Run = run;
        Split = split;
        Samples = samples;
    }

    /// <summary>The run.</summary>
    public TrainedRun Run { get; }

    /// <summary>Which split.</summary>
    public DataSplit Split { get; }

    /// <summary>All samples, in the order of the split.</summary>
    internal ScoredSamples Samples { get; }

    /// <summary>Metrics over all samples.</summary>
    public EvaluationResult Evaluate() => Samples.Evaluate();
}
