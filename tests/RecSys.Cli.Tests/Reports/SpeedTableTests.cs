using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cli.Tests.Bench;
using RecSys.Training;

namespace RecSys.Cli.Tests.Reports;

public sealed class SpeedTableTests
{
    [Fact]
    public void Render_Lines_AreOrderedAndTheNewestOfAKeyCounts()
    {
        string table = SpeedTable.Render([BenchLines.Create("din", 10, 1), BenchLines.Create("deepfm", 20, 3000), BenchLines.Create("deepfm", 10, 9), BenchLines.Create("deepfm", 10, 2000).Against(1.25)]);

        string[][] rows = [.. table.Split('\n').Skip(2).SkipLast(1).Select(row => row.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        Assert.Equal(["deepfm", "10", "fp32", "2k", "1.6k (adagrad)", "1.25", "–", "–", "0.5000", "0.5002"], rows[0]);
        Assert.Equal(["deepfm", "20", "fp32", "3k", "–", "–", "–", "–", "0.5000", "–"], rows[1]);
        Assert.Equal("din", rows[2][0]);
    }

    [Fact]
    public void RenderSteps_Parts_AddUpToTheStepWithoutThoseAhead()
    {
        var times = Enum.GetValues<StepPart>().ToDictionary(RunReport.NameOf, part => (double)(int)part);
        string table = SpeedTable.RenderSteps([BenchLines.Create("din", 10, 1), BenchLines.Create("deepfm", 20, 3000) with { StepMilliseconds = times }]);

        string[] rows = table.Split('\n');
        Assert.Contains("plan (ahead) | wait | gather", rows[0].Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(["deepfm", "20", "fp32", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0", "9.0", "44.0"], rows[2].Trim('|').Split('|', StringSplitOptions.TrimEntries));
        Assert.Equal(4, rows.Length);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("experiments/speed/README.md")]
    public void Documents_ShowTheCommittedResults(string path)
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, path));
        List<TrainBenchLine> lines = [.. ResultLine.Read(Path.Combine(Repository.Root, "experiments", "speed", "results.jsonl")).Select(line => line.As<TrainBenchLine>())];

        // To mend it: ./recsys report experiments/speed --into README.md --into experiments/speed/README.md
        Assert.Equal(SpeedTable.Splice(document, "speed", lines), document);
    }
}
