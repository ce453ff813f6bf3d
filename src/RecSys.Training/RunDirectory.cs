using RecSys.Data;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>The folder of a run: configuration, schema, vocabularies, metrics, checkpoints. It is all that serving needs.</summary>
public static class RunDirectory
{
    /// <summary>The resolved configuration.</summary>
    public const string ConfigFile = "config.yaml";

    /// <summary>Starts a run's folder, or checks that an existing one belongs to the same configuration.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="data">The data set.</param>
    /// <param name="resume">True to continue a run that may already be there.</param>
    /// <exception cref="Data.Configuration.ConfigException">The folder holds another run.</exception>
    public static void Prepare(string directory, RunConfig config, PreparedDataset data, bool resume)
    {
        string path = Path.Combine(directory, ConfigFile);
        string yaml = config.Root.ToYaml();
        bool hasRun = File.Exists(Path.Combine(directory, "current.json"));
        if (hasRun && !resume)
            throw config.Root.Error("", $"'{directory}' already holds a run; give another --out, or --resume to continue it");
        if (hasRun && File.ReadAllText(path) != yaml)
            throw config.Root.Error("", $"the run in '{directory}' was started with another configuration ({path}); resume it with that one");

        Directory.CreateDirectory(directory);
        WriteAtomically(path, yaml);
        data.Schema.Save(directory);
        string index = Path.Combine(directory, VocabularyIndex.FileName);
        if (!hasRun || !File.Exists(index))
            VocabularyIndex.Write(index, data);
    }

    private static void WriteAtomically(string path, string text)
    {
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
