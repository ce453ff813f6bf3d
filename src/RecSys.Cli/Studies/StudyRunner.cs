using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using RecSys.Cli.Output;
using RecSys.Data;
using RecSys.Training;

namespace RecSys.Cli.Studies;

/// <summary>
/// Runs a study: for every point settings are chosen on validation with the first seed, then all seeds are trained with them; the test split of a run is read
/// after all choices about it have been made. What is in the results is passed over, and a run that was interrupted goes on.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="points">Its points.</param>
/// <param name="results">Where results are, and go.</param>
/// <param name="estimate">Tells what a run takes.</param>
/// <param name="folder">Folder of the runs while they are needed.</param>
internal sealed class StudyRunner(StudyConfig study, IReadOnlyList<PlannedPoint> points, StudyResults results, StudyEstimate estimate, string folder)
{
    private readonly ConcurrentQueue<string> _failures = [];

    /// <summary>Runs that failed, each with the reason.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Results that there will be.</summary>
    public int Total => points.Count(p => !p.Point.IsHidden) * study.Seeds.Count;

    /// <summary>Results that there are of these.</summary>
    public int Done => points.Where(p => !p.Point.IsHidden).Sum(p => study.Seeds.Count(seed => IsDone(p, seed)));

    /// <summary>Called with each result, from any thread.</summary>
    public Action<RunReport>? OnResult { get; set; }

    /// <summary>What the study costs from here.</summary>
    /// <param name="processes">Runs at the same time.</param>
    public StudyBill Bill(int processes) => new(
        [
            .. points.GroupBy(p => (p.Point.Dataset, p.Point.Model)).Select(group =>
            {
                var trained = group.Where(p => p.Point.Base is null).ToList();
                var left = Left(group).ToList();
                return new StudyBill.Line(
                    group.Key.Dataset,
                    group.Key.Model,
                    group.Count(p => !p.Point.IsHidden),
                    group.Sum(p => p.Unreachable.Count),
                    trained.Count * (study.Seeds.Count + SettingsOf(group.First()).Count - 1),
                    (group.Count() - trained.Count) * study.Seeds.Count,
                    left.Count,
                    group.Min(p => p.Bytes),
                    group.Max(p => p.Bytes),
                    group.Max(estimate.PeakBytes),
                    left.Sum(estimate.Seconds));
            }),
        ],
        processes);

    /// <summary>Runs what is not there yet: all points with one seed before any with the next, so that what is there is comparable wherever it ends.</summary>
    /// <param name="processes">Runs at the same time.</param>
    /// <param name="memory">Bytes that they may take together.</param>
    /// <exception cref="DataException">Another program is running the study into the same folder.</exception>
    public void Run(int processes, long memory)
    {
        Directory.CreateDirectory(folder);
        using var only = Lock();
        foreach (var budget in points.SelectMany(p => p.Unreachable))
            results.Add(budget);
        WriteConfigs();
        var jobs = new JobQueue();
        var gate = new MemoryGate(memory);
        foreach (var point in points.Where(p => p.Point.Base is null && study.Seeds.Any(seed => IsLeft(p, seed))))
            AddTrials(point);
        jobs.Run(processes);

        // A run that failed, or one of another part of the study, goes on from what it has there.
        if (!Directory.EnumerateFiles(folder, RunDirectory.ConfigFile, SearchOption.AllDirectories).Any())
            Directory.Delete(folder, recursive: true);

        // What is chosen by trials is known when the last of them is done.
        void AddTrials(PlannedPoint point)
        {
            int[] trials = [.. Enumerable.Range(0, SettingsOf(point).Count).Where(t => SettingsOf(point).Count > 1 && TrialOf(point, t) is null)];
            int left = trials.Length;
            foreach (int trial in trials)
            {
                Add(point, round: 0, estimate.Seconds(point), () =>
                {
                    Try(point, trial);
                    if (Interlocked.Decrement(ref left) == 0)
                        AddRuns(point);
                });
            }

            if (trials.Length == 0)
                AddRuns(point);
        }

        // The run of the best trial is there and takes room until it has been evaluated, so that comes first.
        void AddRuns(PlannedPoint point)
        {
            foreach ((int index, int seed) in study.Seeds.Index().Where(s => IsLeft(point, s.Item)))
                Add(point, IsTrial(point, seed) ? -1 : index, estimate.Seconds(point) * (1 + MadeOf(point).Count()), () => Run(point, seed));
        }

        // One run that fails leaves the others as they are.
        void Add(PlannedPoint point, int round, double seconds, Action work) => jobs.Add(round, seconds, () =>
        {
            try
            {
                gate.Run(estimate.PeakBytes(point), work);
            }
            catch (Exception e)
            {
                _failures.Enqueue(Failure.Describe(e));
            }
        });
    }

    private FileStream Lock()
    {
        try
        {
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException)
        {
            throw new DataException($"{folder}: another program is running this study; valid: one at a time, or another --out");
        }
    }

    // One entry a run that is not there yet.
    private IEnumerable<PlannedPoint> Left(IEnumerable<PlannedPoint> group)
    {
        foreach (var point in group)
        {
            for (int s = 0; s < study.Seeds.Count; s++)
            {
                bool isLeft = point.Point.IsHidden ? IsLeft(point, study.Seeds[s]) : !IsDone(point, study.Seeds[s]);
                int trials = s > 0 || point.Point.Base is not null || SettingsOf(point).Count == 1 ? 1 : Enumerable.Range(0, SettingsOf(point).Count).Count(t => TrialOf(point, t) is null);
                for (int run = 0; isLeft && run < trials; run++)
                    yield return point;
            }
        }
    }

    private bool IsLeft(PlannedPoint point, int seed) => (!point.Point.IsHidden && !IsDone(point, seed)) || MadeOf(point).Any(p => !IsDone(p, seed));

    private bool IsDone(PlannedPoint point, int seed) => results.Find(point.Point.RunName(seed), point.Hash) is not null;

    private IEnumerable<PlannedPoint> MadeOf(PlannedPoint point) => points.Where(p => p.Point.Base?.Name == point.Point.Name);

    private void WriteConfigs()
    {
        foreach (var point in points.Select(p => p.Point).DistinctBy(p => (p.Dataset, p.Model)))
            File.WriteAllText(ConfigOf(point), study.Common(point).ToYaml());
    }

    private string ConfigOf(StudyPoint point) => Path.Combine(folder, $"{point.Dataset}-{point.Model}.yaml");

    private string FolderOf(string run) => Path.Combine(folder, run);

    private void Run(PlannedPoint point, int seed)
    {
        string name = point.Point.RunName(seed);
        int chosen = Choose(point);
        var settings = SettingsOf(point)[chosen];
        string run = FolderOf(IsTrial(point, seed) ? TrialName(point, chosen) : name);
        var trained = Train(point, settings, seed, run);
        if (!point.Point.IsHidden && !IsDone(point, seed))
            Add(Evaluated(trained, point, run) with { Run = name });
        foreach (var made in MadeOf(point).Where(p => !IsDone(p, seed)))
            Compress(made, seed, run, settings);
        IEnumerable<string> folders = IsTrial(point, seed) ? SettingsOf(point).Select((_, trial) => FolderOf(TrialName(point, trial))) : [run];
        foreach (string used in folders.Where(Directory.Exists))
            Directory.Delete(used, recursive: true);
    }

    // Where settings are chosen, every trial is a run with the first seed.
    private bool IsTrial(PlannedPoint point, int seed) => SettingsOf(point).Count > 1 && seed == study.Seeds[0];

    private void Try(PlannedPoint point, int trial)
    {
        string name = TrialName(point, trial);
        results.AddTrial(Train(point, SettingsOf(point)[trial], study.Seeds[0], FolderOf(name)) with { Run = name });
    }

    private int Choose(PlannedPoint point)
    {
        int count = SettingsOf(point).Count;
        string metric = study.Config(point.Point).Train.Metric;
        return count == 1 ? 0 : Enumerable.Range(0, count).MaxBy(t => TrialOf(point, t)!.Goodness(metric));
    }

    private string TrialName(PlannedPoint point, int trial) => FormattableString.Invariant($"{point.Point.RunName(study.Seeds[0])}-trial-{trial + 1}");

    private IReadOnlyList<IReadOnlyList<string>> SettingsOf(PlannedPoint point) => study.Datasets[point.Point.Dataset].Settings;

    private RunReport? TrialOf(PlannedPoint point, int trial) => results.FindTrial(TrialName(point, trial), point.Hash);

    private RunReport Train(PlannedPoint point, IReadOnlyList<string> tuned, int seed, string run)
    {
        string name = Path.GetRelativePath(folder, run).Replace(Path.DirectorySeparatorChar, '/');
        if (Directory.Exists(run) && results.FindTrial(name, point.Hash) is { } done)
            return done;
        string[] settings = [.. point.Point.Settings, .. tuned, FormattableString.Invariant($"train.seed={seed}")];
        string[] resume = Directory.Exists(run) ? ["--resume"] : [];
        long started = Stopwatch.GetTimestamp();
        var lines = OwnProcess.Run(["train", ConfigOf(point.Point), .. settings.SelectMany(s => (string[])["--set", s]), "--no-test", "--out", run, .. resume], study.Threads, name);
        var report = Describe(lines[^1], point) with { Settings = settings, Seconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1) };
        estimate.Learn(report);
        return report;
    }

    private void Compress(PlannedPoint point, int seed, string from, IReadOnlyList<string> tuned)
    {
        string name = point.Point.RunName(seed);
        string run = FolderOf(name);
        if (Directory.Exists(run))
            Directory.Delete(run, recursive: true);
        var lines = OwnProcess.Run([.. point.Point.CompressArgs(from, run)], study.Threads, name);
        var report = Describe(lines[^1], point) with { Run = name, Settings = [.. point.Point.Settings, .. tuned, FormattableString.Invariant($"train.seed={seed}")] };
        Add(Evaluated(report with { Before = report.Before! with { Run = point.Point.Base!.RunName(seed) } }, point, run));
        Directory.Delete(run, recursive: true);
    }

    private static RunReport Describe(JsonElement line, PlannedPoint point)
        => line.Deserialize<RunReport>(JsonLines.Options)! with { Model = point.Point.Model, Dataset = point.Point.Dataset, ConfigHash = point.Hash };

    private RunReport Evaluated(RunReport report, PlannedPoint point, string run)
    {
        string[] slices = study.Datasets[point.Point.Dataset].SliceBy is { } feature ? ["--frequency", feature] : [];
        var lines = OwnProcess.Run(["evaluate", run, "--shared-vectors", .. slices], study.Threads, report.Run);
        return report.Evaluated([.. lines.Where(l => l.GetProperty("event").GetString() == "slice").Select(l => l.Deserialize<SliceReport>(JsonLines.Options)!)], lines[^1]);
    }

    private void Add(RunReport report)
    {
        results.Add(report);
        OnResult?.Invoke(report);
    }
}
