using System.Globalization;
using System.Text.Json;
using RecSys.Serving.Client;

namespace RecSys.EndToEnd.Tests;

/// <summary>A model for several tasks, from the log to its scores.</summary>
public sealed class TasksTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("{name: mmoe, experts: 2, expert_hidden_units: [8], tower_hidden_units: [4], task_weights: {dear: 0.5}}")]
    [InlineData("{name: shared_bottom, bottom_hidden_units: [8], tower_hidden_units: [4]}")]
    public async Task Train_Tasks_AreEvaluatedPredictedAndServed(string model)
    {
        _work.Replace("data.yaml", "group: user", "tasks: [{name: dear, expression: price > 4}, {name: bought, expression: CASE WHEN price < 8 THEN label END}]\ngroup: user");
        _work.Replace("run.yaml", "{name: deepfm, hidden_units: [8]}", model);
        _work.Prepare();

        var trained = Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--set", "train.epochs=15");
        var evaluated = Workspace.RunToResult("evaluate", _work.PathOf("run"));

        // The price is known to the model, so this task is easy; the label of the other is known where the price is below 8.
        foreach (var result in (JsonElement[])[trained, evaluated])
        {
            var tasks = result.GetProperty("tasks");
            Assert.InRange(tasks.GetProperty("dear").GetProperty("auc").GetDouble(), 0.9, 1);
            Assert.Equal(100, tasks.GetProperty("dear").GetProperty("samples").GetInt32());
            Assert.InRange(tasks.GetProperty("bought").GetProperty("samples").GetInt32(), 60, 95);
            Assert.InRange(tasks.GetProperty("bought").GetProperty("logloss").GetDouble(), 0.1, 0.9);
        }

        Assert.Contains("\"tasks\":{\"dear\":{\"samples\":100,\"auc\":", await File.ReadAllTextAsync(Path.Combine(_work.PathOf("run"), "metrics.jsonl")), StringComparison.Ordinal);
        Assert.Contains("| dear", CommandProcess.RunRecSys("evaluate", _work.PathOf("run")).Output, StringComparison.Ordinal);

        string[] rows = ["u1,i3,0.5", "u40,i88,7.25", "nobody,i3,3"];
        await File.WriteAllLinesAsync(_work.PathOf("rows.csv"), ["user,item,price", .. rows]);
        Workspace.RunToResult("predict", _work.PathOf("run"), "--input", _work.PathOf("rows.csv"), "--output", _work.PathOf("scores.csv"));
        string[] lines = await File.ReadAllLinesAsync(_work.PathOf("scores.csv"));
        Assert.Equal("probability,probability.dear,probability.bought", lines[0]);

        using var server = new ServeProcess(_work.PathOf("run"));
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url });
        var reply = await client.ScoreAsync(new ScoreRequest
        {
            Samples = [.. rows.Select(r => r.Split(',')).Select(r => new Dictionary<string, object?> { ["user"] = r[0], ["item"] = r[1], ["price"] = double.Parse(r[2], CultureInfo.InvariantCulture) })],
        });
        string[] names = ["dear", "bought"];
        Assert.Equal(names, reply.TaskScores!.Keys);
        for (int row = 0; row < rows.Length; row++)
        {
            double[] expected = [.. lines[1 + row].Split(',').Select(p => double.Parse(p, CultureInfo.InvariantCulture))];
            double[] actual = [reply.Scores[row], .. names.Select(name => reply.TaskScores[name][row])];
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        }

        using var http = new HttpClient { BaseAddress = server.Url };
        using var request = new StringContent("""{"inputs": [{"name": "item", "shape": [1], "datatype": "BYTES", "data": ["i3"]}], "outputs": [{"name": "scores.bought"}, {"name": "scores"}]}""");
        using var infer = await http.PostAsync(new Uri("/v2/models/run/infer", UriKind.Relative), request);
        var outputs = JsonDocument.Parse(await infer.Content.ReadAsStringAsync()).RootElement.GetProperty("outputs");
        Assert.Equal(["scores.bought", "scores"], outputs.EnumerateArray().Select(o => o.GetProperty("name").GetString()));
        Assert.Contains("\"scores.dear\"", await http.GetStringAsync(new Uri("/v2/models/run", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_WeightOfNoTask_IsRefused()
    {
        _work.Replace("data.yaml", "group: user", "tasks: [{name: dear, expression: price > 4}]\ngroup: user");
        _work.Replace("run.yaml", "{name: deepfm, hidden_units: [8]}", "{name: mmoe, task_weights: {cheap: 1}}");
        _work.Prepare();

        _work.AssertBadInput(["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run")], "task_weights.cheap: unknown key");
    }
}
