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
        var gate = new MemoryGate(memory);
        foreach (int seed in study.Seeds)
        {
            // The longest first, so that none is left alone at the end.
            var work = points.Where(p => p.Point.Base is null && IsLeft(p, seed)).OrderByDescending(p => estimate.Seconds(p) * (1 + MadeOf(p).Count())).ToList();
            var options = new ParallelOptions { MaxDegreeOfParallelism = processes };
            Parallel.ForEach(Partitioner.Create(work, EnumerablePartitionerOptions.NoBuffering), options, point => gate.Run(estimate.PeakBytes(point), () => Try(point, seed)));
        }

        // A run that failed, or one of another part of the study, goes on from what it has there.
        if (!Directory.EnumerateFiles(folder, RunDirectory.ConfigFile, SearchOption.AllDirectories).Any())
            Directory.Delete(folder, recursive: true);
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

    // One run that fails leaves the others as they are.
    private void Try(PlannedPoint point, int seed)
    {
        try
        {
            Run(point, seed);
        }
        catch (Exception e)
        {
            _failures.Enqueue(Failure.Describe(e));
        }
    }

    private void Run(PlannedPoint point, int seed)
    {
        string name = point.Point.RunName(seed);
        bool isTuned = SettingsOf(point).Count > 1;
        int chosen = isTuned ? Choose(point) : 0;
        var settings = SettingsOf(point)[chosen];
        string run = FolderOf(isTuned && seed == study.Seeds[0] ? TrialName(point, chosen) : name);
        var trained = Train(point, settings, seed, run);
        if (!point.Point.IsHidden && !IsDone(point, seed))
            Add(Evaluated(trained, point, run) with { Run = name });
        foreach (var made in MadeOf(point).Where(p => !IsDone(p, seed)))
            Compress(made, seed, run, settings);
        Directory.Delete(run, recursive: true);
    }

    // Every trial is a run with the first seed; the folder of the best one is kept until it has been evaluated.
    private int Choose(PlannedPoint point)
    {
        string metric = study.Config(point.Point).Train.Metric;
        var settings = SettingsOf(point);
        for (int t = 0; t < settings.Count; t++)
        {
            if (TrialOf(point, t) is null)
                results.AddTrial(Train(point, settings[t], study.Seeds[0], FolderOf(TrialName(point, t))) with { Run = TrialName(point, t) });
        }

        int best = Enumerable.Range(0, settings.Count).MaxBy(t => TrialOf(point, t)!.Goodness(metric));
        foreach (string other in Enumerable.Range(0, settings.Count).Where(t => t != best).Select(t => FolderOf(TrialName(point, t))).Where(Directory.Exists))
            Directory.Delete(other, recursive: true);
        return best;
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
