using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace RecSys.Data.Configuration;

/// <summary>Writes a <see cref="ConfigValue"/> as YAML: sections in blocks, lists of values on one line.</summary>
internal static class ConfigWriter
{
    public static string Write(ConfigValue root)
    {
        if (root.Entries is null or { Count: 0 })
            return "{}\n";
        using var writer = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(Convert(root))).Save(writer, assignAnchors: false);
        const string DocumentEnd = "...\n";
        string yaml = writer.ToString();
        return yaml.EndsWith(DocumentEnd, StringComparison.Ordinal) ? yaml[..^DocumentEnd.Length] : yaml;
    }

    private static YamlNode Convert(ConfigValue value)
    {
        if (value.Entries is not null)
            return new YamlMappingNode(value.Entries.Select(entry => KeyValuePair.Create<YamlNode, YamlNode>(entry.Key, Convert(entry.Value))));
        if (value.Items is not null)
        {
            SequenceStyle style = value.Items.All(item => item.Entries is null) ? SequenceStyle.Flow : SequenceStyle.Block;
            return new YamlSequenceNode(value.Items.Select(Convert)) { Style = style };
        }

        return value.Text is null
            ? new YamlScalarNode("null") { Style = ScalarStyle.Plain }
            : new YamlScalarNode(value.Text) { Style = value.Quoted ? ScalarStyle.DoubleQuoted : ScalarStyle.Any };
    }
}
