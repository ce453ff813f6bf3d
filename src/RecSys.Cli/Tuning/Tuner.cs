using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RecSys.Cli.Output;
using RecSys.Data;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Tuning;

/// <summary>Trains a configuration with different settings, each in a process of its own, and keeps the run that is best on validation.</summary>
/// <remarks>The folder has <c>config.yaml</c>, a line per trial in <c>trials.jsonl</c>, and the best run in a folder of <c>trials</c>, which
/// is named after its settings. Trials that are there already are passed over; one that was interrupted goes on.</remarks>
/// <param name="folder">Folder of the search.</param>
/// <param name="trainArgs">Command line of <c>train</c> that all trials have: configuration, experiment, settings.</param>
/// <param name="config">The same, read.</param>
/// <param name="processes">Trials at the same time.</param>
internal sealed class Tuner(string folder, IReadOnlyList<string> trainArgs, RunConfig config, int processes)
{
    private const string ConfigFile = "config.yaml";

    private readonly Lock _lock = new();
    private readonly List<Trial> _done = [];

    private string Lines => Path.Combine(folder, "trials.jsonl");

    /// <summary>The trials so far, the best first.</summary>
    public IReadOnlyList<Trial> Done => [.. _done.OrderByDescending(t => t.Result.Goodness(config.Train.Metric)).ThenBy(t => t.Number)];

    /// <summary>The best trial with its metrics on the test split, which no trial reads.</summary>
    public Trial Evaluate()
    {
        var best = Done[0];
        var lines = OwnProcess.Run(["evaluate", RunOf(best.Settings)], OwnProcess.ThreadsOf(1), Describe(best.Settings));
        return best with { Result = best.Result.Evaluated([], lines[^1]) };
    }

    /// <summary>Folder of a trial's run, the same however often and in whatever order trials are begun.</summary>
    public string RunOf(IReadOnlyList<string> settings)
        => Path.Combine(folder, "trials", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', settings))))[..12]);

    /// <summary>Runs the trials that are not there yet.</summary>
    /// <param name="trials">Settings of each.</param>
    /// <param name="onTrial">Told of each that has ended.</param>
    /// <exception cref="DataException">The folder holds trials of another configuration, or settings are refused.</exception>
    public void Run(IReadOnlyList<IReadOnlyList<string>> trials, Action<Trial> onTrial)
    {
        Open();
        var left = trials.Where(settings => !_done.Exists(t => t.Has(settings))).ToList();
        try
        {
            Parallel.ForEach(
                left,
                new ParallelOptions { MaxDegreeOfParallelism = processes },
                settings => Record(settings, Train(settings), onTrial));
        }
        catch (AggregateException e)
        {
            throw e.InnerExceptions[0];
        }
    }

    private void Open()
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, ConfigFile);
        string yaml = config.Root.ToYaml();
        if (File.Exists(path) && File.ReadAllText(path) != yaml)
            throw new DataException($"{path}: the folder holds trials of another configuration; valid: the same configuration and settings, or another folder");
        AtomicFile.Write(path, yaml);
        if (!File.Exists(Lines))
            return;
        // A last line without its end was being written when the program ended.
        string text = File.ReadAllText(Lines);
        foreach (string line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            _done.Add(JsonSerializer.Deserialize<Trial>(line, JsonLines.Options) ?? throw new DataException($"{Lines}: a line is null"));
        File.WriteAllText(Lines, text[..(text.LastIndexOf('\n') + 1)]);
    }

    private RunReport Train(IReadOnlyList<string> settings)
    {
        string run = RunOf(settings);
        string[] resume = Directory.Exists(run) ? ["--resume"] : [];
        List<string> args = ["train", .. trainArgs, .. settings.SelectMany(s => (string[])["--set", s]), "--no-test", "--out", run, .. resume];
        return OwnProcess.Run(args, OwnProcess.ThreadsOf(processes), Describe(settings))[^1].Deserialize<RunReport>(JsonLines.Options)!;
    }

    private static string Describe(IReadOnlyList<string> settings) => $"trial {string.Join(", ", settings)}";

    private void Record(IReadOnlyList<string> settings, RunReport result, Action<Trial> onTrial)
    {
        lock (_lock)
        {
            var trial = new Trial { Number = _done.Count + 1, Settings = settings, Result = result };
            _done.Add(trial);
            File.AppendAllText(Lines, JsonSerializer.Serialize(trial, JsonLines.Options) + "\n");
            foreach (var other in Done.Skip(1).Where(t => Directory.Exists(RunOf(t.Settings))))
                Directory.Delete(RunOf(other.Settings), recursive: true);
            onTrial(trial);
        }
    }
}
