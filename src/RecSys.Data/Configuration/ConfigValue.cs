namespace RecSys.Data.Configuration;

/// <summary>
/// One value of a configuration and where it was written. Instances never change, so merging shares them:
/// exactly one of <see cref="Text"/>, <see cref="Items"/>, <see cref="Entries"/> is set, or none for an empty value.
/// </summary>
internal sealed class ConfigValue
{
    private ConfigValue(string position) => Position = position;

    /// <summary><c>file:line</c>, or <c>--set</c> for a value from the command line.</summary>
    public string Position { get; }

    public string? Text { get; private init; }

    /// <summary>The scalar was quoted, so that it stays a string when it is written again.</summary>
    public bool Quoted { get; private init; }

    public IReadOnlyList<ConfigValue>? Items { get; private init; }

    public OrderedDictionary<string, ConfigValue>? Entries { get; private init; }

    public bool IsEmpty => Text is null && Items is null && Entries is null;

    /// <summary>What the value is, in words of an error message.</summary>
    public string Kind => Text is not null ? "a single value" : Items is not null ? "a list" : Entries is not null ? "a section" : "nothing";

    public static ConfigValue Empty(string position) => new(position);

    public static ConfigValue Scalar(string position, string text, bool quoted) => new(position) { Text = text, Quoted = quoted };

    public static ConfigValue List(string position, IReadOnlyList<ConfigValue> items) => new(position) { Items = items };

    public static ConfigValue Mapping(string position, OrderedDictionary<string, ConfigValue> entries) => new(position) { Entries = entries };

    /// <summary>This value with <paramref name="other"/> on top: sections merge key by key, anything else is replaced.</summary>
    public ConfigValue MergedWith(ConfigValue other)
    {
        if (Entries is null || other.Entries is null)
            return other;
        var merged = new OrderedDictionary<string, ConfigValue>(Entries, StringComparer.Ordinal);
        foreach ((string key, ConfigValue value) in other.Entries)
            merged[key] = merged.TryGetValue(key, out ConfigValue? mine) ? mine.MergedWith(value) : value;
        return Mapping(Position, merged);
    }
}
