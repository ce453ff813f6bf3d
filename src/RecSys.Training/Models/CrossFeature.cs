namespace RecSys.Training.Models;

/// <summary>A feature whose values are the pairs of values of two others.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Feature">Index of the cross among the features with ids.</param>
/// <param name="First">Place of one feature in <see cref="ModelContext.AllPooled"/>.</param>
/// <param name="Second">Place of the other.</param>
public sealed record CrossFeature(string Name, int Feature, int First, int Second);
