using System.Text.Json;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Data;

namespace RecSys.Cli.Studies;

/// <summary>Seconds and memory that runs of a study will take: as those did that are done, of this study and of others; else by a short run.</summary>
internal sealed class StudyEstimate
{
    private const long ProcessBytes = 600_000_000;
    private const double StartSeconds = 4;
    private const int ProbeSteps = 30;

    private readonly StudyConfig _study;
    private readonly string _folder;
    private readonly List<RunReport> _known;
    private readonly Dictionary<(string Dataset, string Model), double> _epochs = [];

    /// <summary>Creates an estimate.</summary>
    /// <param name="study">The study.</param>
    /// <param name="folder">Folder for short runs.</param>
    /// <param name="known">Runs of the past.</param>
    public StudyEstimate(StudyConfig study, string folder, IEnumerable<RunReport> known)
    {
        _study = study;
        _folder = folder;
        _known = [.. known];
    }

    /// <summary>Runs of the past that the results of all studies beside one have.</summary>
    /// <param name="folder">Folder of the study.</param>
    public static IEnumerable<RunReport> Known(string folder)
    {
        string parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))!;
        return Directory.EnumerateFiles(parent, "results.jsonl", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .SelectMany(Read);
    }

    /// <summary>Takes a run into account that has just ended.</summary>
    public void Learn(RunReport run)
    {
        lock (_known)
            _known.Add(run);
    }

    /// <summary>Seconds of one run of a point.</summary>
    public double Seconds(PlannedPoint point)
    {
        if (point.Point.Base is not null)
            return StartSeconds;
        var config = _study.Config(point.Point);
        lock (_known)
        {
            var same = _known.Where(r => r.Dataset == point.Point.Dataset && r.Model == point.Point.Model && r.Method == point.Method).ToList();
            return MedianOf(same.Where(r => r.ConfigHash == point.Hash).Select(r => r.Seconds))
                ?? StartSeconds + (config.Train.Epochs * (MedianOf(same.Select(r => r.EpochSeconds)) ?? Epoch(point.Point) * Factor(config.Embedding.Method.Method.Name)));
        }
    }

    /// <summary>Largest resident memory of one run of a point.</summary>
    public long PeakBytes(PlannedPoint point)
    {
        lock (_known)
        {
            return _known.Where(r => r.Dataset == point.Point.Dataset && r.Model == point.Point.Model && r.EmbeddingBytesTraining >= point.TrainingBytes).Min(r => r.PeakRssBytes)
                ?? ProcessBytes + (2 * point.TrainingBytes);
        }
    }

    // A file that is no study's says nothing about times.
    private static IReadOnlyList<RunReport> Read(string file)
    {
        try
        {
            return [.. ResultLine.Read(file, "result").Where(line => line.Bench is null).Select(line => line.As<RunReport>())];
        }
        catch (DataException)
        {
            return [];
        }
    }

    // How much longer an epoch takes than with full tables, where both are known.
    private double Factor(string method)
    {
        var full = _known.Where(r => r.Method == "full").GroupBy(r => (r.Dataset, r.Model)).ToDictionary(g => g.Key, g => MedianOf(g.Select(r => r.EpochSeconds)));
        return MedianOf(_known.Where(r => NameOf(r.Method) == method).Select(r => r.EpochSeconds / full.GetValueOrDefault((r.Dataset, r.Model)))) ?? 1;
    }

    // What else runs on a machine slows some runs down by far, so no mean.
    private static double? MedianOf(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>().Where(v => double.IsFinite(v) && v > 0)];
        return known.Length == 0 ? null : Median.Of(known);
    }

    // Of a label such as "qr (combine: add), int8".
    private static string NameOf(string label) => label.Split([' ', ','], 2)[0];

    private double Epoch(StudyPoint point)
    {
        var key = (point.Dataset, point.Model);
        if (_epochs.TryGetValue(key, out double seconds))
            return seconds;
        return _epochs[key] = MedianOf(_known.Where(r => (r.Dataset, r.Model) == key && r.Method == "full").Select(r => r.EpochSeconds)) ?? Probe(point);
    }

    private double Probe(StudyPoint point)
    {
        Directory.CreateDirectory(_folder);
        string config = Path.Combine(_folder, "probe.yaml");
        string run = Path.Combine(_folder, "probe");
        File.WriteAllText(config, _study.Common(point).ToYaml());
        if (Directory.Exists(run))
            Directory.Delete(run, recursive: true);
        var lines = OwnProcess.Run(["train", config, "--no-test", "--out", run, "--set", $"train.max_steps={ProbeSteps}", "--set", "train.epochs=1"], _study.Threads, $"{point.Dataset}, {point.Model}");
        Directory.Delete(run, recursive: true);
        double seconds = lines[^1].Deserialize<RunReport>(JsonLines.Options)!.EpochSeconds ?? 0;
        return double.IsFinite(seconds) ? seconds : 1;
    }
}
