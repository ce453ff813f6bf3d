using System.CommandLine;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Tests;

public sealed class CommandLineTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData("--help")]
    [InlineData()]
    public void Run_HelpOrNothing_ListsTheVerbs(params string[] args)
    {
        Assert.Equal(ExitCode.Success, Run(CommandLine.CreateRoot(), args));
        Assert.Contains("Commands:", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("test", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public void Run_UnknownVerb_NamesTheNearest()
    {
        Assert.Equal(ExitCode.BadInput, Run(CommandLine.CreateRoot(), "tset"));
        Assert.StartsWith("error: 'tset' is not known; did you mean 'test'? valid: ", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public void Run_UnknownOption_NamesTheNearest()
    {
        Assert.Equal(ExitCode.BadInput, Run(Verb(_ => { }), "work", "--cuont", "3"));
        Assert.Contains("'--cuont' is not known; did you mean '--count'?", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("(see recsys work --help)", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OptionOfWrongType_IsBadInput()
    {
        Assert.Equal(ExitCode.BadInput, Run(Verb(_ => { }), "work", "--count", "many"));
        Assert.Contains("many", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_CountBelowOne_IsBadInput()
    {
        Assert.Equal(ExitCode.BadInput, Run(CommandLine.CreateRoot(), "bench", "train", "--rounds", "0"));
        Assert.Contains("--rounds is 0; valid: 1 or more", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_VerbSucceeds_ReturnsSuccess()
    {
        int count = 0;

        Assert.Equal(ExitCode.Success, Run(Verb(value => count = value), "work", "--count", "3"));
        Assert.Equal(3, count);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public void Run_ConfigurationIsWrong_PrintsOneLine()
    {
        int exitCode = Run(Verb(_ => throw new ConfigException("x.yaml:1: seed: 'a' is not a whole number; valid: 0 … 9")), "work");

        Assert.Equal(ExitCode.BadInput, exitCode);
        Assert.Equal("error: x.yaml:1: seed: 'a' is not a whole number; valid: 0 … 9\n", _error.ToString());
    }

    [Fact]
    public void Run_UnforeseenFailure_PrintsOneLineAndHowToSeeMore()
    {
        int exitCode = Run(Verb(_ => throw new InvalidOperationException("broken\nin two lines")), "work");

        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.Equal("error: InvalidOperationException: broken in two lines (RECSYS_TRACE=1 shows where)\n", _error.ToString());
    }

    private int Run(RootCommand root, params string[] args) => CommandLine.Run(root, args, _output, _error);

    private static RootCommand Verb(Action<int> action)
    {
        var count = new Option<int>("--count");
        var verb = new Command("work") { count };
        verb.SetAction(parsed => action(parsed.GetValue(count)));
        return new RootCommand { verb };
    }
}
