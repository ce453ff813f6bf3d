using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cli.Tests.Bench;

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

    [Theory]
    [InlineData("README.md")]
    [InlineData("experiments/speed/README.md")]
    public void Documents_ShowTheCommittedResults(string path)
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, path));
        var lines = ResultLine.Read(Path.Combine(Repository.Root, "experiments", "speed", "results.jsonl")).Select(line => line.As<TrainBenchLine>());

        // To mend it: ./recsys report experiments/speed --into README.md --into experiments/speed/README.md
        Assert.Equal(MarkdownSplice.Replace(document, "speed", SpeedTable.Render(lines)), document);
    }
}
