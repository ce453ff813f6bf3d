using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using RecSys.Cli.Commands;
using RecSys.Data.Configuration;
using RecSys.Embeddings;

namespace RecSys.Cli;

/// <summary>The <c>recsys</c> command: its verbs, and how their failures end.</summary>
internal static class CommandLine
{
    private const string TraceVariable = "RECSYS_TRACE";

    /// <summary>The root command with every verb.</summary>
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("Trains click-through models over compressed embedding tables, and measures what the compression costs.")
        {
            DemoCommand.Create(),
            PrepareCommand.Create(),
            TrainCommand.Create(),
            TuneCommand.Create(),
            StudyCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            CompressCommand.Create(),
            ExportCommand.Create(),
            PlanCommand.Create(),
            MethodsCommand.Create(),
            ReportCommand.Create(),
            RecommendCommand.Create(),
            ServeCommand.Create(),
            ClusterCommand.Create(),
            BenchCommand.Create(),
            TestCommand.Create(),
        };
        root.SetAction(parsed => root.Parse("--help").Invoke(parsed.InvocationConfiguration));
        return root;
    }

    /// <summary>Parses and runs a command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(RootCommand root, string[] args, TextWriter output, TextWriter error)
    {
        // '@name' is an ordinary argument here: values such as paths may begin with it.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed is { Errors: [ParseError first, ..], Action: ParseErrorAction })
        {
            error.WriteLine($"error: {Describe(parsed, first)}");
            return ExitCode.BadInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception failure)
        {
            error.WriteLine(Environment.GetEnvironmentVariable(TraceVariable) == "1" ? $"error: {failure}" : $"error: {Failure.Describe(failure)}");
            return Failure.ExitCodeOf(failure);
        }
    }

    private static string Describe(ParseResult parsed, ParseError first)
    {
        Command command = parsed.CommandResult.Command;
        string path = command is RootCommand ? "recsys" : $"recsys {command.Name}";
        string[] valid = [.. command.Subcommands.Select(verb => verb.Name), .. command.Options.Select(option => option.Name).Union(["--help"])];
        // The parser lists valid words one a line.
        string problem = string.Join(' ', first.Message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
        if (parsed.UnmatchedTokens is [string unknown, ..])
            problem = $"'{unknown}' is not known; {NearestName.Hint(unknown, valid)}valid: {string.Join(", ", valid)}";
        return $"{problem.TrimEnd('.')} (see {path} --help)";
    }
}
