using RecSys.Embeddings;

namespace RecSys.Data.Configuration;

/// <summary>
/// A section of a strict YAML configuration. Every read marks its key as asked for, so that
/// <see cref="ThrowOnUnknownKeys"/> can name what nobody asked for. A key without a value (<c>key:</c>, <c>key: null</c>) counts as absent.
/// </summary>
/// <remarks>Not thread-safe: reads record what was asked for.</remarks>
public sealed partial class ConfigNode
{
    private readonly ConfigValue _value;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConfigNode> _children = new(StringComparer.Ordinal);

    private ConfigNode(ConfigValue value, string source, string path)
    {
        _value = value;
        Source = source;
        Path = path;
    }

    /// <summary>The file, or the name given to parsed text.</summary>
    public string Source { get; }

    /// <summary>Where the section is: <c>train.early_stopping</c>, <c>features[2]</c>; empty for the root.</summary>
    public string Path { get; }

    /// <summary>The keys as written, in order. Listing them does not count as asking for them.</summary>
    public IEnumerable<string> Keys => _value.Entries?.Keys ?? Enumerable.Empty<string>();

    /// <summary>Reads a file.</summary>
    /// <param name="path">A YAML file whose root is a section.</param>
    /// <param name="overrides">Settings <c>key.path=value</c> put on top; values are YAML, and missing keys are created.</param>
    /// <param name="experiment">Name below <c>experiments:</c> whose settings go on top of <c>base:</c>; required where the file has such a block.</param>
    /// <exception cref="ConfigException">The file is missing, empty, not YAML or has a key twice; an override or the experiment is wrong.</exception>
    public static ConfigNode Load(string path, IReadOnlyList<string>? overrides = null, string? experiment = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ConfigValue root = ConfigExperiments.Resolve(ConfigParser.ParseFile(path), path, experiment);
        return new ConfigNode(ConfigOverrides.Apply(root, overrides), path, "");
    }

    /// <summary>Reads YAML text.</summary>
    /// <param name="yaml">The text; its root is a section.</param>
    /// <param name="source">Stands for the file's name in messages.</param>
    /// <param name="overrides">As for <see cref="Load"/>.</param>
    /// <exception cref="ConfigException">As for <see cref="Load"/>.</exception>
    public static ConfigNode Parse(string yaml, string source, IReadOnlyList<string>? overrides = null)
        => new(ConfigOverrides.Apply(ConfigParser.ParseRoot(yaml, source), overrides), source, "");

    /// <summary>True when the key is there with a value.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The section below a key; an empty one when it is absent. The same object at every call.</summary>
    /// <exception cref="ConfigException">The key holds a single value or a list.</exception>
    public ConfigNode Section(string key)
    {
        ConfigValue? value = Find(key);
        if (value is { Entries: null })
            throw Error(key, $"is {value.Kind}; valid: a section of 'key: value' lines");
        return Child(key, value ?? ConfigValue.Empty(_value.Position));
    }

    /// <summary>As <see cref="Section"/>, but a single value stands for a section that has only a <c>name</c>: <c>precision: int8</c>.</summary>
    /// <exception cref="ConfigException">The key holds a list.</exception>
    public ConfigNode SectionOrName(string key)
    {
        if (Find(key) is not { Text: not null } name)
            return Section(key);
        return Child(key, Named(name));
    }

    /// <summary>A list of sections; empty when the key is absent.</summary>
    /// <exception cref="ConfigException">The key, or an item of its list, is something else.</exception>
    public IReadOnlyList<ConfigNode> Sections(string key)
    {
        ConfigValue? value = Find(key);
        if (value is null)
            return [];
        if (value.Items is null || value.Items.Any(item => item.Entries is null))
            throw Error(key, $"is {(value.Items is null ? value.Kind : "a list of single values")}; valid: a list of sections");
        return [.. value.Items.Select((item, index) => Child(FormattableString.Invariant($"{key}[{index}]"), item))];
    }

    /// <summary>As <see cref="Sections"/>, but a single value stands for a section that has only a <c>name</c>: <c>methods: [hash, {name: qr, combine: add}]</c>.</summary>
    /// <exception cref="ConfigException">The key, or an item of its list, is something else.</exception>
    public IReadOnlyList<ConfigNode> SectionsOrNames(string key) => Find(key) switch
    {
        null => [],
        { Items: { } items } => [.. items.Select((item, index) => Child(FormattableString.Invariant($"{key}[{index}]"), Named(item)))],
        { Text: not null } name => [Child($"{key}[0]", Named(name))],
        { } other => throw Error(key, $"is {other.Kind}; valid: a list of names or sections"),
    };

    /// <summary>This section with another one on top: sections merge key by key, anything else is replaced.</summary>
    /// <param name="other">The other one.</param>
    public ConfigNode With(ConfigNode other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new ConfigNode(_value.MergedWith(other._value), Source, Path);
    }

    /// <summary>This section with settings on top.</summary>
    /// <param name="overrides">As for <see cref="Load"/>.</param>
    /// <exception cref="ConfigException">A setting is wrong.</exception>
    public ConfigNode With(IReadOnlyList<string> overrides) => new(ConfigOverrides.Apply(_value, overrides), Source, Path);

    /// <summary>This section without a key.</summary>
    public ConfigNode Without(string key)
    {
        OrderedDictionary<string, ConfigValue> entries = new(_value.Entries ?? [], StringComparer.Ordinal);
        entries.Remove(key);
        return new ConfigNode(ConfigValue.Mapping(_value.Position, entries), Source, Path);
    }

    /// <summary>The sections below a key whose names are free to choose, in order; empty when the key is absent.</summary>
    /// <exception cref="ConfigException">The key, or an entry below it, is not a section.</exception>
    public IReadOnlyDictionary<string, ConfigNode> NamedSections(string key)
    {
        ConfigNode section = Section(key);
        var named = new OrderedDictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (string name in section.Keys)
            named.Add(name, section.Section(name));
        return named;
    }

    /// <summary>An error about a key of this section, to be thrown by whoever finds the value wrong.</summary>
    /// <param name="key">The key; the section itself is meant when it is empty.</param>
    /// <param name="message">What is wrong and what is valid.</param>
    public ConfigException Error(string key, string message)
    {
        ArgumentNullException.ThrowIfNull(key);
        string position = _value.Entries?.GetValueOrDefault(key)?.Position ?? _value.Position;
        string path = PathOf(key);
        return new ConfigException(path.Length == 0 ? $"{position}: {message}" : $"{position}: {path}: {message}");
    }

    /// <summary>Fails on the first key, here or below, that no reader has asked for.</summary>
    /// <exception cref="ConfigException">Names the key, its line and the nearest key that was asked for.</exception>
    public void ThrowOnUnknownKeys()
    {
        foreach ((string key, ConfigValue value) in _value.Entries ?? [])
        {
            if (!_asked.Contains(key))
                throw UnknownKey(key);
            if (value.Entries is not null)
                Section(key).ThrowOnUnknownKeys();
            else if (value.Items is { Count: > 0 } items && items.All(item => item.Entries is not null))
                Sections(key).ToList().ForEach(section => section.ThrowOnUnknownKeys());
        }
    }

    /// <summary>This section as it was resolved: experiment and overrides included.</summary>
    public string ToYaml() => ConfigWriter.Write(_value);

    private ConfigException UnknownKey(string key)
    {
        string[] valid = [.. _asked.Order(StringComparer.Ordinal)];
        return Error(key, $"unknown key; {NearestName.Hint(key, valid)}valid: {(valid is [] ? "no key is read here" : string.Join(", ", valid))}");
    }

    private ConfigValue? Find(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        _asked.Add(key);
        return _value.Entries?.GetValueOrDefault(key) is { IsEmpty: false } value ? value : null;
    }

    private static ConfigValue Named(ConfigValue value) => value.Text is null
        ? value
        : ConfigValue.Mapping(value.Position, new OrderedDictionary<string, ConfigValue>(StringComparer.Ordinal) { ["name"] = value });

    private ConfigNode Child(string name, ConfigValue value)
    {
        if (!_children.TryGetValue(name, out ConfigNode? child))
            _children[name] = child = new ConfigNode(value, Source, PathOf(name));
        return child;
    }

    private string PathOf(string key) => Path.Length == 0 ? key : key.Length == 0 ? Path : $"{Path}.{key}";
}
