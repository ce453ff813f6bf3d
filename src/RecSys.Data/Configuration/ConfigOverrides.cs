namespace RecSys.Data.Configuration;

/// <summary>Puts <c>key.path=value</c> settings of the command line on top of a configuration.</summary>
internal static class ConfigOverrides
{
    private const string Source = "--set";

    public static ConfigValue Apply(ConfigValue root, IReadOnlyList<string>? overrides)
    {
        foreach (string setting in overrides ?? [])
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            string[] keys = equals < 0 ? [] : setting[..equals].Trim().Split('.');
            if (keys.Length == 0 || keys.Any(string.IsNullOrWhiteSpace))
                throw new ConfigException($"{Source}: '{setting}' is not a setting; valid: key.path=value, such as train.batch_size=1024");
            root = Set(root, keys, 0, ConfigParser.ParseValue(setting[(equals + 1)..], Source));
        }

        return root;
    }

    private static ConfigValue Set(ConfigValue section, string[] keys, int level, ConfigValue value)
    {
        if (section.Entries is null && !section.IsEmpty)
        {
            string path = string.Join('.', keys[..level]);
            throw new ConfigException($"{Source}: {path}: is {section.Kind} ({section.Position}), so '{keys[level]}' cannot be set in it; valid: {path}=value");
        }

        OrderedDictionary<string, ConfigValue> entries = section.Entries is null
            ? new(StringComparer.Ordinal)
            : new(section.Entries, StringComparer.Ordinal);
        entries[keys[level]] = level == keys.Length - 1
            ? value
            : Set(entries.GetValueOrDefault(keys[level]) ?? ConfigValue.Empty(Source), keys, level + 1, value);
        return ConfigValue.Mapping(section.Position, entries);
    }
}
