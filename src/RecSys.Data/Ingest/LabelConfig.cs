using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>What the rows are labelled by.</summary>
/// <param name="Name">Name of the task; empty for the label itself.</param>
/// <param name="Sql">SQL of its value.</param>
/// <param name="Column">Its column, when it is just that.</param>
/// <param name="Node">Where it is configured.</param>
internal sealed record LabelConfig(string Name, string Sql, string? Column, ConfigNode Node)
{
    /// <summary>What the schema says of it.</summary>
    internal string Description => Column ?? Sql;

    /// <summary>What the schema has of a task.</summary>
    internal DataTask Task => new(Name, Description);

    internal static LabelConfig Read(ConfigNode node) => Read(node, "", "label");

    internal static IReadOnlyList<LabelConfig> ReadTasks(IEnumerable<ConfigNode> nodes)
    {
        var tasks = new List<LabelConfig>();
        foreach (ConfigNode node in nodes)
        {
            string name = node.String("name");
            if (!FeatureConfig.IsName(name) || tasks.Any(task => Same(task.Name, name)))
                throw node.Error("name", $"'{name}' cannot name a task; valid: letters, digits, '_', '-' and '.', starting with a letter or digit, and no name of another task (upper and lower case count as equal)");
            tasks.Add(Read(node, name, name));
        }

        return tasks;
    }

    private static LabelConfig Read(ConfigNode node, string name, string defaultColumn)
    {
        string? expression = node.OptionalString("expression");
        string? column = expression is null ? node.String("column", defaultColumn) : null;
        return new LabelConfig(name, expression ?? SqlText.Name(column!), column, node);
    }

    private static bool Same(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
