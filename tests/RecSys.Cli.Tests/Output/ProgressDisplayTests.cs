using RecSys.Cli.Output;
using Spectre.Console;

namespace RecSys.Cli.Tests.Output;

public sealed class ProgressDisplayTests
{
    private readonly StringWriter _text = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void Report_Plain_WritesALineEveryFewSecondsAndTheLast()
    {
        using (ProgressDisplay display = ProgressDisplay.Plain(_text, _time))
        {
            for (int step = 1; step <= 13; step++)
            {
                display.Report(Update("epoch 1/1", step));
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal(["1", "6", "11", "13"], Lines().Select(Done));
    }

    [Fact]
    public void Report_NewPhase_FinishesTheOldOne()
    {
        using (ProgressDisplay display = ProgressDisplay.Plain(_text, _time))
        {
            display.Report(Update("epoch 1/2", 1));
            display.Report(Update("epoch 1/2", 9));
            display.Report(Update("epoch 2/2", 2));
        }

        Assert.Equal(["epoch 1/2  1", "epoch 1/2  9", "epoch 2/2  2"], Lines().Select(line => line[..12]));
    }

    [Fact]
    public void Report_Json_WritesProgressEvents()
    {
        using (ProgressDisplay display = ProgressDisplay.Json(new JsonLines(_text), _time))
            display.Report(new ProgressUpdate("epoch 1/2", 10, 40, 2) { Loss = 0.5 });

        Assert.Equal(
            """{"event":"progress","phase":"epoch 1/2","done":10,"total":40,"samples_per_second":2,"unit":"samples","loss":0.5,"metric_name":"auc","metric":null,"remaining_seconds":15}""",
            Assert.Single(Lines()));
    }

    [Fact]
    public void Report_Live_RedrawsOneLineAPhase()
    {
        using (ProgressDisplay display = ProgressDisplay.Live(Terminal(width: 80), _time))
        {
            display.Report(Update("epoch 1/2", 1));
            _time.Advance(TimeSpan.FromSeconds(1));
            display.Report(Update("epoch 1/2", 2));
            display.Report(Update("epoch 2/2", 3));
        }

        string text = _text.ToString();
        Assert.Contains("\r", text, StringComparison.Ordinal);
        Assert.Contains("epoch 1/2  2 samples", text, StringComparison.Ordinal);
        Assert.Contains("epoch 2/2  3 samples", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(60)]
    public void Report_LiveOnNarrowTerminal_CutsTheLine(int width)
    {
        using (ProgressDisplay display = ProgressDisplay.Live(Terminal(width), _time))
            display.Report(new ProgressUpdate("epoch 1/2", 500_000, 2_000_000, 50_000) { Loss = 0.5, Metric = 0.75 });

        Assert.Contains("…", _text.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, _text.ToString().Count(character => character == '\n'));
    }

    [Fact]
    public void Dispose_NothingReported_WritesNothing()
    {
        ProgressDisplay.Plain(_text, _time).Dispose();

        Assert.Empty(_text.ToString());
    }

    private static ProgressUpdate Update(string phase, long done) => new(phase, done, 0, 0);

    private IAnsiConsole Terminal(int width)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(_text),
        });
        console.Profile.Width = width;
        return console;
    }

    private string[] Lines() => _text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Done(string line) => line.Split("  ")[1].Split(' ')[0];
}
