using RecSys.Data.Configuration;

namespace RecSys.Cli.Studies;

/// <summary>A data set of a study.</summary>
/// <param name="Name">Name in the study; <c>configs/datasets/NAME.yaml</c> prepares it where it is missing.</param>
/// <param name="SliceBy">Feature by the frequency of whose ids metrics are sliced; null for none.</param>
/// <param name="Config">What it adds to the configuration of its runs.</param>
internal sealed record StudyDataset(string Name, string? SliceBy, ConfigNode Config);
