namespace RecSys.Training;

/// <summary>Samples and what a network says of them.</summary>
/// <param name="Logits">A logit each.</param>
/// <param name="Labels">A label each.</param>
/// <param name="Groups">A group each, or empty.</param>
internal sealed record ScoredSamples(float[] Logits, float[] Labels, long[] Groups)
{
    /// <summary>Number of samples.</summary>
    public int Count => Logits.Length;

    /// <summary>Metrics over all samples.</summary>
    public EvaluationResult Evaluate() => EvaluationResult.Compute(Logits, Labels, Groups);

    /// <summary>Metrics over some samples.</summary>
    /// <param name="samples">Their places.</param>
    public EvaluationResult Evaluate(IReadOnlyList<int> samples) => EvaluationResult.Compute(
        [.. samples.Select(s => Logits[s])], [.. samples.Select(s => Labels[s])], Groups.Length == 0 ? [] : [.. samples.Select(s => Groups[s])]);
}
