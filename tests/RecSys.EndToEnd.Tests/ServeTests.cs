using System.Diagnostics;
using RecSys.Serving.Client;

namespace RecSys.EndToEnd.Tests;

/// <summary>The service as its users run it: the command, curl, Python, kill -9.</summary>
public sealed class ServeTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>
{
    [Fact]
    public void Examples_OfTheReadme_Run()
    {
        using var server = new ServeProcess(trained.Run);
        string readme = File.ReadAllText(Path.Combine(LauncherSandbox.RepositoryRoot(), "src", "RecSys.Serving", "README.md")).Replace("localhost:8080", server.Url.Authority, StringComparison.Ordinal);
        string[] lines = [.. readme.Split('\n').Where(l => l.StartsWith("curl ", StringComparison.Ordinal))];
        int first = readme.IndexOf("```python\n", StringComparison.Ordinal) + "```python\n".Length;
        string python = readme[first..readme.IndexOf("```", first, StringComparison.Ordinal)];

        Assert.Equal(7, lines.Length);
        Assert.All(lines, line => Assert.NotEmpty(Run("bash", ["-c", line])));
        Run("python3", ["-c", python]);
    }

    [Fact]
    public async Task Score_OfTheRowsOfAFile_IsThatOfPredict()
    {
        string[] rows = ["u1,i3,0.5", "u40,i88,7.25", "nobody,i3,", "u3,nothing,3"];
        string input = trained.Work.PathOf("score.csv");
        string output = trained.Work.PathOf("scores.csv");
        await File.WriteAllLinesAsync(input, ["user,item,price", .. rows]);
        Workspace.RunToResult("predict", trained.Run, "--input", input, "--output", output);
        double[] expected = [.. (await File.ReadAllLinesAsync(output)).Skip(1).Select(l => double.Parse(l, System.Globalization.CultureInfo.InvariantCulture))];
        using var server = new ServeProcess(trained.Run);
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url });

        var reply = await client.ScoreAsync(new ScoreRequest
        {
            Samples = [.. rows.Select(r => r.Split(',')).Select(r => new Dictionary<string, object?> { ["user"] = r[0], ["item"] = r[1], ["price"] = r[2].Length == 0 ? null : double.Parse(r[2], System.Globalization.CultureInfo.InvariantCulture) })],
        });

        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], reply.Scores[i], 1e-6);
    }

    // Clients go on by themselves.
    [Fact]
    public async Task Server_KilledUnderLoad_AnswersAgainWithTheSameVersion()
    {
        using var server = new ServeProcess(trained.Run);
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url, Retries = 20 });
        using var stop = new CancellationTokenSource();
        var request = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1, 2, 3) } };
        string version = (await client.LookupAsync(request)).ModelVersion;
        int answers = 0;
        Task[] load = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(version, (await client.LookupAsync(request)).ModelVersion);
                Interlocked.Increment(ref answers);
            }
        }))];

        for (int i = 0; i < 3; i++)
        {
            server.KillAndRestart();
            int before = Volatile.Read(ref answers);
            while (Volatile.Read(ref answers) < before + 50)
                await Task.Delay(5);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    [Theory]
    [InlineData(new[] { "serve", "{run}", "--set", "urll=http://127.0.0.1:0" }, "urll: unknown key; did you mean 'url'?")]
    [InlineData(new[] { "serve", "{run}", "--urls", "ftp://127.0.0.1:0" }, "The address 'ftp://127.0.0.1:0' is not valid")]
    [InlineData(new[] { "serve", "{run}", "--set", "http2_url=127.0.0.1:8081" }, "The address '127.0.0.1:8081' is not valid: http://ADDRESS:PORT")]
    [InlineData(new[] { "serve", "{run}", "--set", "http2_url=https://127.0.0.1:0" }, "The address 'https://127.0.0.1:0' is not valid: HTTP/2 in cleartext is at http://ADDRESS:PORT")]
    [InlineData(new[] { "serve", "{run}", "--set", "kept_versions=0" }, "kept_versions: '0' is out of range; valid: ")]
    [InlineData(new[] { "serve", "{run}", "--set", "api_key_file=none.txt" }, "api_key_file: there is no file 'none.txt' with a key a line")]
    [InlineData(new[] { "serve", "{run}/checkpoints" }, "current.json: the run has no checkpoint")]
    [InlineData(new[] { "serve" }, "models: there is no model")]
    public void Serve_WrongSetting_SaysWhatIsValid(string[] args, string message)
        => trained.Work.AssertBadInput([.. args.Select(a => a.Replace("{run}", trained.Run, StringComparison.Ordinal))], message);

    private static string Run(string program, string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', args)}: {output} {error}");
        return output;
    }
}
