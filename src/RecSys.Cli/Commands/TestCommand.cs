using System.CommandLine;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys test</c>: run by the launcher, which has to build the tests first; listed here so that the help is complete.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var filters = new Argument<string[]>("filter") { Description = "Run only tests whose full name contains one of these.", Arity = ArgumentArity.ZeroOrMore };
        var includeLong = new Option<bool>("--long") { Description = "Include the tests of the category Long." };
        var command = new Command("test", "Builds and runs the tests of the repository.") { filters, includeLong };
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Error.WriteLine("error: the tests run from the repository: ./recsys test");
            return ExitCode.BadInput;
        });
        return command;
    }
}
