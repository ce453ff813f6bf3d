using System.Text.Json;
using RecSys.Cli.Output;
using RecSys.Data;

namespace RecSys.Cli.Studies;

/// <summary>
/// The <c>results.jsonl</c> of a study: an event <c>result</c> per run, <c>trial</c> per run that settings were chosen from (its test split was not read), and <c>unreachable</c>
/// per budget that a method cannot reach. Lines are only added. Thread-safe.
/// </summary>
internal sealed class StudyResults
{
    private const string ResultEvent = "result";
    private const string TrialEvent = "trial";

    private readonly string _path;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, RunReport> _runs = [];
    private readonly Dictionary<string, RunReport> _trials = [];
    private readonly HashSet<UnreachableBudget> _unreachable = [];

    private StudyResults(string path) => _path = path;

    /// <summary>Number of runs.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _runs.Count;
        }
    }

    /// <summary>The runs, in the order in which they ended.</summary>
    public IReadOnlyList<RunReport> Runs
    {
        get
        {
            lock (_lock)
                return [.. _runs.Values];
        }
    }

    /// <summary>The budgets that could not be reached.</summary>
    public IReadOnlyList<UnreachableBudget> Unreachable
    {
        get
        {
            lock (_lock)
                return [.. _unreachable];
        }
    }

    /// <summary>Opens the results of a study, which need not be there yet.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">A line is none of a study.</exception>
    public static StudyResults Open(string path)
    {
        var results = new StudyResults(path);
        if (!File.Exists(path))
            return results;

        // A last line without its end was being written when the program ended.
        string text = File.ReadAllText(path);
        string whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
            AtomicFile.Write(path, whole);
        if (whole.Length > 0)
            results.Read();
        return results;
    }

    /// <summary>The result of a run; null when there is none yet.</summary>
    /// <param name="run">Its name.</param>
    /// <param name="hash">Hash of its configuration.</param>
    /// <exception cref="DataException">It was made with another configuration or on other data.</exception>
    public RunReport? Find(string run, string hash) => Find(_runs, run, hash);

    /// <summary>As <see cref="Find(string, string)"/>, of a trial.</summary>
    public RunReport? FindTrial(string run, string hash) => Find(_trials, run, hash);

    /// <summary>Adds the result of a run.</summary>
    public void Add(RunReport run) => Add(ResultEvent, run, _runs);

    /// <summary>Adds a trial.</summary>
    public void AddTrial(RunReport run) => Add(TrialEvent, run, _trials);

    /// <summary>Adds a budget that could not be reached, once.</summary>
    public void Add(UnreachableBudget budget)
    {
        lock (_lock)
        {
            if (_unreachable.Add(budget))
                Append(ResultLine.Unreachable, budget);
        }
    }

    private void Read()
    {
        foreach (var line in ResultLine.ReadAll(_path))
        {
            if (line.Event == ResultLine.Unreachable)
                _unreachable.Add(line.As<UnreachableBudget>());
            else if (line.Event is ResultEvent or TrialEvent && line.As<RunReport>() is var run)
                (line.Event == ResultEvent ? _runs : _trials)[run.Run] = run;
        }
    }

    private RunReport? Find(Dictionary<string, RunReport> runs, string run, string hash)
    {
        lock (_lock)
        {
            if (!runs.TryGetValue(run, out var found) || found.ConfigHash == hash)
                return found;
        }

        throw new DataException($"{_path}: '{run}' was made with another configuration or other data than the study has now; valid: the study and its data as they were, a file without these lines, or another --out");
    }

    private void Add(string name, RunReport run, Dictionary<string, RunReport> runs)
    {
        lock (_lock)
        {
            runs.Add(run.Run, run);
            Append(name, run);
        }
    }

    private void Append(string name, object payload)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        using var writer = File.AppendText(_path);
        new JsonLines(writer).Write(name, payload);
    }
}
