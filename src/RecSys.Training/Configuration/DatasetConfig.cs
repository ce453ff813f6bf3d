using RecSys.Data;
using RecSys.Data.Configuration;

namespace RecSys.Training.Configuration;

/// <summary>Which prepared data set is used.</summary>
public sealed class DatasetConfig
{
    private readonly ConfigNode _node;
    private readonly string? _label;
    private readonly string? _group;

    internal DatasetConfig(ConfigNode node)
    {
        _node = node;
        Path = node.String("path");
        _label = node.OptionalString("label");
        _group = node.OptionalString("group");
    }

    /// <summary>Folder written by <c>recsys prepare</c>.</summary>
    public string Path { get; }

    /// <summary>Opens the data set and checks that it is the one the configuration speaks of.</summary>
    /// <exception cref="ConfigException">The folder is no prepared data set, or its label or group column has another name.</exception>
    public PreparedDataset Open()
    {
        if (!File.Exists(System.IO.Path.Combine(Path, "schema.json")))
            throw _node.Error("path", $"'{Path}' is not a prepared data set (no schema.json there); make one with 'recsys prepare CONFIG --out {Path}'");

        var data = PreparedDataset.Open(Path);
        if (_label is not null && _label != data.Schema.Label)
            throw _node.Error("label", $"the data set was prepared with label '{data.Schema.Label}', not '{_label}'");
        if (_group is not null && _group != data.Schema.Group)
            throw _node.Error("group", $"the data set was prepared with group '{data.Schema.Group ?? "(none)"}', not '{_group}'");
        return data;
    }
}
