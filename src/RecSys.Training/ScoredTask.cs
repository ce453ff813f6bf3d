namespace RecSys.Training;

/// <summary>What a network says of samples in a task beside the label's.</summary>
/// <param name="Name">Name of the task.</param>
/// <param name="Logits">A logit per sample.</param>
/// <param name="Labels">A label per sample; NaN where it is not known.</param>
internal sealed record ScoredTask(string Name, List<float> Logits, List<float> Labels)
{
    /// <summary>Adds samples.</summary>
    /// <param name="logits">A logit each.</param>
    /// <param name="labels">Labels of all tasks, from the first sample's of this one on.</param>
    /// <param name="taskCount">Labels per sample.</param>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, int taskCount)
    {
        Logits.AddRange(logits);
        for (int sample = 0; sample < logits.Length; sample++)
            Labels.Add(labels[sample * taskCount]);
    }
}
