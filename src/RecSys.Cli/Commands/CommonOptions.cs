using System.CommandLine;

namespace RecSys.Cli.Commands;

/// <summary>Arguments and options that several verbs share, so that they read the same everywhere.</summary>
internal static class CommonOptions
{
    public static Argument<string> Config() => new("config") { Description = "YAML configuration." };

    public static Argument<string> Run() => new("run") { Description = "Folder of a training run." };

    public static Option<string[]> Set() => new("--set")
    {
        Description = "Overrides a key: --set train.batch_size=1024. May be repeated.",
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => [],
    };

    public static Option<string?> Experiment() => new("--experiment") { Description = "Named experiment of a configuration with 'base' and 'experiments'." };

    public static Option<bool> Json() => new("--json") { Description = "One JSON object a line on standard output, and nothing else there." };

    /// <summary>A number of things, at least one.</summary>
    public static Option<int> Count(string name, string description, int fallback)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out int value) && value < 1)
                result.AddError($"{name} is {value}; valid: 1 or more");
        });
        return option;
    }
}
