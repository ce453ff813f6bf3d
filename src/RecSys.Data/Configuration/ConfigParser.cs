using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RecSys.Data.Configuration;

/// <summary>Turns YAML text into a <see cref="ConfigValue"/> that knows its lines.</summary>
internal static class ConfigParser
{
    // An anchor may contain an alias of itself; no configuration for people is this deep.
    private const int MaximumDepth = 64;

    public static ConfigValue ParseFile(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            string reason = failure is FileNotFoundException or DirectoryNotFoundException ? "file not found" : failure.Message;
            throw new ConfigException($"{path}:1: {reason}; valid: a readable YAML file", failure);
        }

        return ParseRoot(text, path);
    }

    /// <summary>Parses a document whose root is a section.</summary>
    public static ConfigValue ParseRoot(string yaml, string source)
    {
        ConfigValue root = ParseDocument(yaml, source, line => string.Create(CultureInfo.InvariantCulture, $"{source}:{line}"));
        if (root.Entries is null)
            throw new ConfigException($"{root.Position}: the configuration is {(root.IsEmpty ? "empty" : root.Kind)}; valid: 'key: value' lines");
        return root;
    }

    /// <summary>Parses the value of an override, where no line is worth telling.</summary>
    public static ConfigValue ParseValue(string yaml, string source) => ParseDocument(yaml, source, _ => source);

    private static ConfigValue ParseDocument(string yaml, string source, Func<long, string> position)
    {
        var stream = new YamlStream();
        var scanner = new Scanner(new StringReader(yaml));
        try
        {
            stream.Load(new Parser(scanner));
        }
        catch (YamlException failure)
        {
            throw NotYaml(failure.Start, failure.Message, failure);
        }
        catch (InvalidOperationException failure)
        {
            // YamlDotNet's scanner loses its state in an unclosed flow list or mapping.
            throw NotYaml(scanner.CurrentPosition, "a bracket or brace is not closed before here", failure);
        }

        if (stream.Documents.Count > 1)
            throw new ConfigException($"{position(stream.Documents[1].RootNode.Start.Line)}: a second document starts here; valid: one document in {source}");
        return stream.Documents.Count == 0
            ? ConfigValue.Empty(position(1))
            : Convert(stream.Documents[0].RootNode, position(1), position, 0);

        ConfigException NotYaml(Mark mark, string problem, Exception cause) => new(
            string.Create(CultureInfo.InvariantCulture, $"{position(mark.Line)}: not valid YAML: {problem.TrimEnd('.')} (column {mark.Column})"),
            cause);
    }

    private static ConfigValue Convert(YamlNode node, string at, Func<long, string> position, int depth)
    {
        if (depth > MaximumDepth)
            throw new ConfigException($"{at}: nested deeper than {MaximumDepth} levels; valid: fewer levels, and no alias inside its own anchor");
        return node switch
        {
            YamlScalarNode scalar => ConvertScalar(scalar, at),
            YamlSequenceNode list => ConfigValue.List(at, [.. list.Children.Select(item => Convert(item, position(item.Start.Line), position, depth + 1))]),
            YamlMappingNode mapping => ConvertMapping(mapping, at, position, depth),
            _ => throw new ConfigException($"{at}: a {node.NodeType} is not supported; valid: a value, a list or a section"),
        };
    }

    private static ConfigValue ConvertMapping(YamlMappingNode mapping, string at, Func<long, string> position, int depth)
    {
        var entries = new OrderedDictionary<string, ConfigValue>(mapping.Children.Count, StringComparer.Ordinal);
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            // The line of the key: that is where a reader looks, also when the value starts further down.
            string keyPosition = position(key.Start.Line);
            if (key is not YamlScalarNode { Value: { Length: > 0 } name })
                throw new ConfigException($"{keyPosition}: a key is {(key is YamlScalarNode ? "empty" : "a list or a section")}; valid: plain text");
            entries.Add(name, Convert(value, keyPosition, position, depth + 1));
        }

        return ConfigValue.Mapping(at, entries);
    }

    private static ConfigValue ConvertScalar(YamlScalarNode scalar, string at)
    {
        bool quoted = scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any);
        string text = scalar.Value ?? "";
        return !quoted && text is "" or "~" or "null" or "Null" or "NULL" ? ConfigValue.Empty(at) : ConfigValue.Scalar(at, text, quoted);
    }
}
