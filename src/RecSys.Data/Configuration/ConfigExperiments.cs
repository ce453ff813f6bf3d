namespace RecSys.Data.Configuration;

/// <summary>Chooses one of the named experiments of a file: its settings on top of the <c>base:</c> block.</summary>
internal static class ConfigExperiments
{
    private const string BaseKey = "base";
    private const string ExperimentsKey = "experiments";

    public static ConfigValue Resolve(ConfigValue root, string path, string? experiment)
    {
        if (!root.Entries!.TryGetValue(ExperimentsKey, out ConfigValue? experiments))
        {
            return experiment is null
                ? root
                : throw new ConfigException($"{path}:1: there is no experiment '{experiment}': the file has no '{ExperimentsKey}:' block; valid: no experiment name");
        }

        RejectOtherKeys(root);
        OrderedDictionary<string, ConfigValue> named = Sections(experiments, ExperimentsKey);
        string valid = named.Count == 0 ? "none is defined" : string.Join(", ", named.Keys);
        if (experiment is null)
            throw new ConfigException($"{experiments.Position}: {ExperimentsKey}: the file has several experiments and none was named; valid: {valid}");
        if (!named.TryGetValue(experiment, out ConfigValue? chosen))
            throw new ConfigException($"{experiments.Position}: {ExperimentsKey}: there is no experiment '{experiment}'; valid: {valid}");

        ConfigValue start = ConfigValue.Mapping($"{path}:1", []);
        if (root.Entries.TryGetValue(BaseKey, out ConfigValue? basis))
            start = start.MergedWith(ConfigValue.Mapping(basis.Position, Sections(basis, BaseKey)));
        return start.MergedWith(ConfigValue.Mapping(chosen.Position, Sections(chosen, $"{ExperimentsKey}.{experiment}")));
    }

    private static void RejectOtherKeys(ConfigValue root)
    {
        foreach ((string key, ConfigValue value) in root.Entries!)
        {
            if (key is not (BaseKey or ExperimentsKey))
                throw new ConfigException($"{value.Position}: {key}: stands beside '{ExperimentsKey}:'; valid: below '{BaseKey}:' or in an experiment");
        }
    }

    private static OrderedDictionary<string, ConfigValue> Sections(ConfigValue value, string path)
        => value.Entries ?? (value.IsEmpty ? [] : throw new ConfigException($"{value.Position}: {path}: is {value.Kind}; valid: a section"));
}
