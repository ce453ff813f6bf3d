using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class TuneTests : IDisposable
{
    private readonly Workspace _work = new();

    public TuneTests() => _work.Prepare();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Tune_Grid_KeepsTheBestRunOnValidation_AndPassesOverWhatIsDone()
    {
        JsonElement first = Tune("sparse_optimizer.learning_rate=0.01|0.1");
        string[] lines = File.ReadAllLines(_work.PathOf("search/trials.jsonl"));
        File.AppendAllText(_work.PathOf("search/trials.jsonl"), "{\"number\":9"); // the program ended while writing

        JsonElement second = Tune("sparse_optimizer.learning_rate=0.01|0.1|0.001");

        Assert.Equal(2, first.GetProperty("trials").GetInt32());
        Assert.Equal(3, second.GetProperty("trials").GetInt32());
        string[] after = File.ReadAllLines(_work.PathOf("search/trials.jsonl"));
        Assert.Equal(lines, after[..2]);
        JsonElement[] trials = [.. after.Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement best = trials.MaxBy(t => t.GetProperty("result").GetProperty("validation_auc").GetDouble());
        Assert.Equal(best.GetProperty("number").GetInt32(), second.GetProperty("number").GetInt32());
        Assert.Equal([second.GetProperty("run").GetString()!], Directory.GetDirectories(_work.PathOf("search/trials")));
        Assert.All(trials, t => Assert.Equal(JsonValueKind.Null, t.GetProperty("result").GetProperty("auc").ValueKind));
        Assert.Equal(second.GetProperty("best").GetProperty("auc").GetDouble(), Workspace.RunToResult("evaluate", second.GetProperty("run").GetString()!).GetProperty("auc").GetDouble());
    }

    [Fact]
    public void Tune_TrialsAtTheSameTime_AreAllDone()
        => Assert.Equal(4, Tune("train.seed=1..1000000", "--trials", "4", "--processes", "2").GetProperty("trials").GetInt32());

    // A run without its line was interrupted; one begun before it must not take its folder.
    [Fact]
    public void Tune_InterruptedTrialBehindAnother_GoesOnInItsOwnFolder()
    {
        Tune("train.seed=3");
        File.WriteAllText(_work.PathOf("search/trials.jsonl"), "");

        JsonElement both = Tune("train.seed=1|3");

        Assert.Equal(2, both.GetProperty("trials").GetInt32());
        Assert.Equal([1, 3], File.ReadAllLines(_work.PathOf("search/trials.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("result").GetProperty("seed").GetInt32()));
    }

    [Theory]
    [InlineData("train.batch_siz=1|2", "did you mean 'batch_size'?")]
    [InlineData("train.batch_size=none|2", "is not a whole number")]
    public void Tune_WrongSetting_IsBadInput(string search, string message)
    {
        CommandResult result = CommandProcess.RunRecSys("tune", _work.PathOf("run.yaml"), "--search", search, "--out", _work.PathOf("search"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Tune_FolderOfAnotherConfiguration_IsLeftAlone()
    {
        Tune("train.seed=1");

        CommandResult result = CommandProcess.RunRecSys("tune", _work.PathOf("run.yaml"), "--set", "train.epochs=2", "--search", "train.seed=2", "--out", _work.PathOf("search"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("another configuration", result.Error, StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(_work.PathOf("search/trials.jsonl")));
    }

    private JsonElement Tune(string search, params string[] more)
        => Workspace.RunToResult(["tune", _work.PathOf("run.yaml"), "--search", search, "--out", _work.PathOf("search"), .. more]);
}
