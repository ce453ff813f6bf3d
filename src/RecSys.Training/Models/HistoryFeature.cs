namespace RecSys.Training.Models;

/// <summary>A history of behaviours, and the feature that says what they are compared with.</summary>
/// <param name="Name">Name of the history.</param>
/// <param name="Feature">Index of the history.</param>
/// <param name="Candidate">Index of the candidate.</param>
public sealed record HistoryFeature(string Name, int Feature, int Candidate);
