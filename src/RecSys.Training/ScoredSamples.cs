namespace RecSys.Training;

/// <summary>Samples and what a network says of them.</summary>
/// <param name="Logits">A logit each.</param>
/// <param name="Labels">A label each.</param>
/// <param name="Groups">A group each, or empty.</param>
/// <param name="Tasks">The further tasks that the network has learned.</param>
internal sealed record ScoredSamples(float[] Logits, float[] Labels, long[] Groups, IReadOnlyList<ScoredTask> Tasks)
{
    /// <summary>Number of samples.</summary>
    public int Count => Logits.Length;

    /// <summary>Metrics over all samples.</summary>
    public EvaluationResult Evaluate() => Tasks.Count == 0 ? EvaluationResult.Compute(Logits, Labels, Groups) : Evaluate([.. Enumerable.Range(0, Count)]);

    /// <summary>Metrics over some samples.</summary>
    /// <param name="samples">Their places.</param>
    public EvaluationResult Evaluate(IReadOnlyList<int> samples)
    {
        var result = Compute(Logits, Labels, samples);
        return Tasks.Count == 0
            ? result
            : result with { Tasks = Tasks.ToDictionary(task => task.Name, task => Compute(task.Logits, task.Labels, [.. samples.Where(s => !float.IsNaN(task.Labels[s]))])) };
    }

    private EvaluationResult Compute(IReadOnlyList<float> logits, IReadOnlyList<float> labels, IReadOnlyList<int> samples) => EvaluationResult.Compute(
        [.. samples.Select(s => logits[s])], [.. samples.Select(s => labels[s])], Groups.Length == 0 ? [] : [.. samples.Select(s => Groups[s])]);
}
