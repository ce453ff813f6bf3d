using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Studies;

/// <summary>A <c>study.yaml</c>: which methods are trained at which budgets, for which models on which data sets, with which seeds.</summary>
/// <remarks>
/// Keys: <c>seeds</c>; <c>threads</c> of a run; <c>tune</c>, values of settings to choose from on validation, for every point anew; <c>base</c>, what all runs have in common;
/// <c>datasets</c> and <c>models</c>, by name what each adds to it, data sets also <c>slices</c>, a feature, and a <c>tune</c> of their own; <c>grid</c>, a list of products;
/// <c>small</c>, what a small version of the study has instead.
/// </remarks>
internal sealed class StudyConfig
{
    private static readonly string[] s_keys = ["seeds", "threads", "tune", "base", "datasets", "models", "grid", "small"];

    private readonly ConfigNode _base;

    private StudyConfig(string name, string folder, ConfigNode root, string? data)
    {
        if (root.Keys.FirstOrDefault(key => !s_keys.Contains(key)) is { } unknown)
            throw root.Error(unknown, $"unknown key; {NearestName.Hint(unknown, s_keys)}valid: {string.Join(", ", s_keys)}");
        Name = name;
        Folder = folder;
        Seeds = [.. root.Int32List("seeds", [1, 2, 3]).Distinct()];
        Threads = root.Int32("threads", 1, minimum: 1);
        _base = root.Section("base");
        Datasets = data is null
            ? root.NamedSections("datasets").ToDictionary(d => d.Key, d => StudyDataset.Read(d.Key, d.Value, root))
            : new Dictionary<string, StudyDataset> { [data] = StudyDataset.Read(data, ConfigNode.Parse($"dataset: {{path: prepared/{data}}}", "--data"), root) };
        Models = root.NamedSections("models");
        if (Datasets.Count == 0 || Models.Count == 0)
            throw root.Error(Datasets.Count == 0 ? "datasets" : "models", "is missing; valid: names, each with what it adds to the configuration of a run");
        Grids = [.. root.Sections("grid").Select(grid => new StudyGrid(grid, root.NamedSections("datasets").Keys, [.. Datasets.Keys], [.. Models.Keys]))];
        if (Grids.Count == 0)
            throw root.Error("grid", "is missing; valid: a list of products such as {methods: [hash, qr], budgets: [0.1]}");
    }

    /// <summary>Name of the study: that of its folder, and what it differs in.</summary>
    public string Name { get; }

    /// <summary>Folder of the file.</summary>
    public string Folder { get; }

    /// <summary>Seeds of each point.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>Threads of the kernels of a run. Sums depend on it, so it belongs to the study and not to the machine.</summary>
    public int Threads { get; }

    /// <summary>Data sets by name.</summary>
    public IReadOnlyDictionary<string, StudyDataset> Datasets { get; }

    /// <summary>Models by name, and what each adds to the configuration of its runs.</summary>
    public IReadOnlyDictionary<string, ConfigNode> Models { get; }

    /// <summary>The products.</summary>
    public IReadOnlyList<StudyGrid> Grids { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; its folder is the study's.</param>
    /// <param name="small">Takes what is below <c>small</c> instead of what it stands for.</param>
    /// <param name="data">Another data set instead of those of the study, prepared in <c>prepared/NAME</c>; null for none.</param>
    /// <exception cref="ConfigException">A key or value is wrong.</exception>
    public static StudyConfig Load(string path, bool small = false, string? data = null)
    {
        var root = ConfigNode.Load(path);
        if (small && !root.Has("small"))
            throw root.Error("small", "is missing, so there is no small version of the study");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string name = $"{Path.GetFileName(folder)}{(small ? "-small" : "")}{(data is null ? "" : $"-{data}")}";
        return new StudyConfig(name, folder, small ? root.With(root.Section("small")).Without("small") : root, data);
    }

    /// <summary>All points, each once, what has to be trained for others included.</summary>
    public IReadOnlyList<StudyPoint> Points()
    {
        StudyPoint[] asked = [.. Grids.SelectMany(g => g.Points()).DistinctBy(p => p.Name)];
        string[] names = [.. asked.Select(p => p.Name)];
        return [.. asked, .. asked.Select(p => p.Base).OfType<StudyPoint>().DistinctBy(p => p.Name).Where(p => !names.Contains(p.Name)).Select(p => p with { IsHidden = true })];
    }

    /// <summary>What runs on a data set with a model have in common.</summary>
    public ConfigNode Common(StudyPoint point) => _base.With(Datasets[point.Dataset].Config).With(Models[point.Model]);

    /// <summary>Configuration of a point's runs, without what is tuned and without the seed.</summary>
    public RunConfig Config(StudyPoint point) => new(Common(point).With(point.Settings));

    /// <summary>Tells runs of a point apart from those of another configuration, or on data prepared otherwise.</summary>
    /// <param name="point">The point.</param>
    /// <param name="schema">Its data set as it is now.</param>
    public string HashOf(StudyPoint point, DataSchema schema)
    {
        string tuned = string.Join('\n', Datasets[point.Dataset].Settings.SelectMany(s => s));
        string data = $"{schema.Config}\n{JsonSerializer.Serialize(schema.RowCounts)}\n{JsonSerializer.Serialize(schema.Vocabularies)}";
        string text = $"{Common(point).With(point.Settings).ToYaml()}\n{point.Base?.Name}\n{tuned}\n{Threads}\n{data}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
    }
}
