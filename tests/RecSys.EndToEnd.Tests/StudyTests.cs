using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class StudyTests : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(3);

    private readonly Workspace _work = new(rowCount: 4000);

    public StudyTests()
    {
        _work.Prepare();
        File.WriteAllText(_work.PathOf("study.yaml"), $$$"""
            seeds: [1, 2]
            tune: {sparse_optimizer.learning_rate: [0.01, 0.1]}
            base:
              embedding: {dimension: 8}
              train: {batch_size: 100, epochs: 2}
            datasets:
              small: {slices: item, dataset: {path: {{{_work.PathOf("prepared")}}} } }
            models:
              fm: {model: {name: fm}}
            grid:
            - {methods: [full]}
            - {methods: [hash], budgets: [0.5, 0.001]}
            - {methods: [hash], budgets: [0.5], round: [int8]}
            - {compress: [full], precisions: [int8]}
            """);
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Study_TrainsTheGrid_ChoosesOnValidation_AndReports()
    {
        JsonElement result = Study("out");

        JsonElement[] lines = Lines("out");
        JsonElement[] results = [.. Of(lines, "result")];
        JsonElement[] trials = [.. Of(lines, "trial").OrderBy(t => t.GetProperty("run").GetString(), StringComparer.Ordinal)]; // of equal ones the first is chosen
        Assert.Equal((10, 10, 0), (result.GetProperty("runs").GetInt32(), result.GetProperty("total").GetInt32(), result.GetProperty("failed").GetInt32()));
        Assert.Equal(10, results.Length);
        Assert.Equal(8, trials.Length); // two rates for each of four points that are trained, one of them only for the rounded one
        Assert.All(trials, trial => Assert.Equal(JsonValueKind.Null, trial.GetProperty("auc").ValueKind));
        Assert.Single(Of(lines, "unreachable"));
        Assert.All(results, AssertIsComplete);
        foreach (JsonElement first in results.Where(r => r.GetProperty("seed").GetInt32() == 1 && !r.TryGetProperty("before", out _)))
        {
            string name = first.GetProperty("run").GetString()!;
            JsonElement best = trials.Where(t => t.GetProperty("run").GetString()!.StartsWith($"{name}-trial-", StringComparison.Ordinal)).MaxBy(t => t.GetProperty("validation_auc").GetDouble());
            Assert.Equal(RateOf(best), RateOf(first));
            Assert.Equal(best.GetProperty("validation_auc").GetDouble(), first.GetProperty("validation_auc").GetDouble());
            Assert.Equal(RateOf(first), RateOf(results.Single(r => r.GetProperty("run").GetString() == $"{name[..^1]}2")));
        }

        Assert.True(File.Exists(_work.PathOf("out/report.md")) && File.Exists(_work.PathOf("out/report.html")));
        Assert.False(Directory.Exists(_work.PathOf("out/runs")));
        AssertRecommends(results);
    }

    [Fact]
    public void Study_KilledAndResumed_HasTheNumbersOfOneThatWasNot()
    {
        Study("whole");
        string results = _work.PathOf("killed/results.jsonl");
        foreach (int lines in (int[])[4, 12])
        {
            string[] args = ["study", _work.PathOf("study.yaml"), "--out", _work.PathOf("killed"), "--resume", "--json"];
            CommandResult killed = CommandProcess.KillRecSys(() => File.Exists(results) && File.ReadAllLines(results).Length >= lines, s_timeLimit, args);
            Assert.Equal(InterruptedRun.ExitCodeOfKilled, killed.ExitCode);
        }

        Study("killed", "--resume");

        Assert.Equal(Numbers("whole"), Numbers("killed"));
    }

    [Fact]
    public void Study_ResultsThatAreThere_AreNotMixedWithOthers()
    {
        Study("out", "--dry-run");
        Assert.False(File.Exists(_work.PathOf("out/results.jsonl")));
        Directory.CreateDirectory(_work.PathOf("out"));
        File.WriteAllText(_work.PathOf("out/results.jsonl"), "");
        File.WriteAllText(_work.PathOf("study.yaml"), File.ReadAllText(_work.PathOf("study.yaml")).Replace("seeds: [1, 2]", "seeds: [1]", StringComparison.Ordinal));
        Study("out");

        _work.AssertBadInput(["study", _work.PathOf("study.yaml"), "--out", _work.PathOf("out")], "there are results already", "--resume");
        _work.Replace("study.yaml", "epochs: 2", "epochs: 1");
        _work.AssertBadInput(["study", _work.PathOf("study.yaml"), "--out", _work.PathOf("out"), "--resume"], "was made with another configuration");
    }

    [Fact]
    public void Study_WhileAnotherProgramRunsIt_IsRefused()
    {
        Directory.CreateDirectory(_work.PathOf("out/runs"));
        using var other = new FileStream(_work.PathOf("out/runs/.lock"), FileMode.Create, FileAccess.Write, FileShare.None);

        CommandResult result = CommandProcess.RunRecSys("study", _work.PathOf("study.yaml"), "--out", _work.PathOf("out"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("another program is running this study", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_work.PathOf("out/results.jsonl")));
    }

    // Of a study, and of a run that is no part of it.
    private void AssertRecommends(JsonElement[] results)
    {
        string[] small = ["--budget", "0.6", "--json"];
        JsonElement best = results.Where(r => r.GetProperty("compression_ratio").GetDouble() <= 0.6).GroupBy(r => r.GetProperty("run").GetString()![..^2])
            .MaxBy(g => g.Average(r => r.GetProperty("validation_auc").GetDouble()))!.First();
        Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--set", "model={name: fm}", "--out", _work.PathOf("run"));

        JsonElement ofStudy = Workspace.RunToResult("recommend", _work.PathOf("out"), "--budget", "0.6").GetProperty("recommendations")[0];
        CommandResult ofRun = CommandProcess.RunRecSys(["recommend", _work.PathOf("run"), "--studies", _work.PathOf(""), .. small]);

        Assert.Equal(best.GetProperty("embedding_bytes").GetDouble(), ofStudy.GetProperty("embedding_bytes").GetDouble());
        Assert.StartsWith(best.GetProperty("method").GetString()!, ofStudy.GetProperty("method").GetString()!, StringComparison.Ordinal);
        Assert.True(ofRun.ExitCode == 0, ofRun.Error);
        Assert.Equal(ofStudy.GetRawText(), JsonDocument.Parse(ofRun.Output).RootElement.GetProperty("recommendations")[0].GetRawText());
        _work.AssertBadInput(["recommend", _work.PathOf("out"), "--budget", "0.6", "--model", "din"], "there is no such data set and model; valid: fm on small");
        _work.AssertBadInput(["recommend", _work.PathOf("run"), "--budget", "0.6", "--studies", _work.PathOf("run")], "no study has the data set 'small'");
    }

    private static void AssertIsComplete(JsonElement run)
    {
        Assert.InRange(run.GetProperty("auc").GetDouble(), 0.4, 1);
        Assert.Contains(run.GetProperty("slices").EnumerateArray(), s => s.GetProperty("name").GetString() == "head");
        Assert.True(run.GetProperty("shared_vectors").GetProperty("ids").GetInt64() > 0);
        Assert.NotEmpty(run.GetProperty("config_hash").GetString()!);
        Assert.Contains(run.GetProperty("settings").EnumerateArray(), s => s.GetString()!.StartsWith("train.seed=", StringComparison.Ordinal));
    }

    private static string RateOf(JsonElement run)
        => run.GetProperty("settings").EnumerateArray().Select(s => s.GetString()!).Single(s => s.StartsWith("sparse_optimizer.learning_rate=", StringComparison.Ordinal));

    private static IEnumerable<JsonElement> Of(IEnumerable<JsonElement> lines, string name) => lines.Where(l => l.GetProperty("event").GetString() == name);

    private JsonElement Study(string folder, params string[] more)
    {
        CommandResult result = CommandProcess.RunRecSys(["study", _work.PathOf("study.yaml"), "--out", _work.PathOf(folder), "--json", .. more]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonDocument.Parse(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
    }

    private JsonElement[] Lines(string folder) => [.. File.ReadAllLines(_work.PathOf($"{folder}/results.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    // All that does not depend on time, in an order of its own.
    private string[] Numbers(string folder) =>
    [
        .. Lines(folder).Select(line => string.Join(' ', ((string[])["event", "run", "method", "budget", "auc", "gauc", "logloss", "validation_auc", "embedding_bytes", "settings", "slices", "shared_vectors", "smallest_bytes"])
            .Select(key => line.TryGetProperty(key, out JsonElement value) ? value.GetRawText() : "–"))).Order(StringComparer.Ordinal),
    ];
}
