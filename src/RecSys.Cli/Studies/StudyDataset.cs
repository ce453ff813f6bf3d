using RecSys.Cli.Tuning;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Studies;

/// <summary>A data set of a study.</summary>
/// <param name="Name">Name in the study; <c>configs/datasets/NAME.yaml</c> prepares it where it is missing.</param>
/// <param name="SliceBy">Feature by the frequency of whose ids metrics are sliced; null for none.</param>
/// <param name="Settings">Settings that are chosen from on validation, for every point anew; one empty list where nothing is.</param>
/// <param name="Config">What it adds to the configuration of its runs.</param>
internal sealed record StudyDataset(string Name, string? SliceBy, IReadOnlyList<IReadOnlyList<string>> Settings, ConfigNode Config)
{
    private const string SlicesKey = "slices";
    private const string TuneKey = "tune";

    /// <summary>Reads an entry of <c>datasets:</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="node">The entry.</param>
    /// <param name="study">The study, whose <c>tune</c> holds where the entry has none.</param>
    /// <exception cref="ConfigException">A value is wrong.</exception>
    public static StudyDataset Read(string name, ConfigNode node, ConfigNode study)
    {
        var tune = (node.Has(TuneKey) ? node : study).Section(TuneKey);
        var settings = tune.Keys.Any() ? SearchSpace.Parse([.. tune.Keys.Select(key => $"{key}={string.Join('|', tune.Strings(key))}")]).Grid() : [[]];
        return new StudyDataset(name, node.OptionalString(SlicesKey), settings, node.Without(SlicesKey).Without(TuneKey));
    }
}
