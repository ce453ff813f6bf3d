using RecSys.Cli.Output;
using RecSys.Cli.Tests.Reports;

namespace RecSys.Cli.Tests.Commands;

public sealed class ReportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-report-test-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Report_ResultsWithUnreachableBudgets_AreWritten()
    {
        using (var file = File.CreateText(Path.Combine(_folder, "results.jsonl")))
        {
            var lines = new JsonLines(file);
            foreach (RunReport run in StudyRuns.Seeds("hash", "0.1", 0.7))
                lines.Write("result", run);
            lines.Write("unreachable", StudyRuns.Unreachable("pep", "0.1", 412_345));
        }

        Assert.Equal(ExitCode.Success, CommandLine.Run(CommandLine.CreateRoot(), ["report", _folder], _output, _error));

        string path = Path.Combine(_folder, "report.md");
        Assert.Contains(path, _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("– (≥ 412 kB)", File.ReadAllText(path), StringComparison.Ordinal);
    }
}
