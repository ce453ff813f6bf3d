namespace RecSys.EndToEnd.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData()]
    public void RecSys_HelpOrNothing_ListsTheVerbs(params string[] args)
    {
        CommandResult result = CommandProcess.RunRecSys(args);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("recsys [command] [options]", result.Output, StringComparison.Ordinal);
        Assert.Contains("test", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void RecSys_UnknownVerb_EndsWithTwoAndNamesTheNearest()
    {
        CommandResult result = CommandProcess.RunRecSys("tset");

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("error: 'tset' is not known; did you mean 'test'?", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(result.Output);
    }

    [Fact]
    public void RecSys_UnknownOption_EndsWithTwo()
    {
        CommandResult result = CommandProcess.RunRecSys("--verison");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("'--version'", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void RecSys_TestWithoutLauncher_EndsWithTwo() => Assert.Equal(2, CommandProcess.RunRecSys("test").ExitCode);
}
