namespace RecSys.Cli.Studies;

/// <summary>One point of a study's grid: a method at a budget, in a precision, for a model on a data set.</summary>
internal sealed record StudyPoint
{
    /// <summary>Name of the data set in the study.</summary>
    public required string Dataset { get; init; }

    /// <summary>Name of the model in the study.</summary>
    public required string Model { get; init; }

    /// <summary>Name and options of the method.</summary>
    public required IReadOnlyDictionary<string, string> Method { get; init; }

    /// <summary>Bytes to serve, as in a configuration.</summary>
    public required string Budget { get; init; }

    /// <summary>Precision of the rows, as in a configuration.</summary>
    public string Precision { get; init; } = "fp32";

    /// <summary>What is trained before this is made of it; null for a point that is trained itself.</summary>
    public StudyPoint? Base { get; init; }

    /// <summary>True for what is trained only because other points are made of it.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Name within the study, and of the folder of its runs.</summary>
    public string Name => $"{Dataset}-{Model}/{(Base is null ? "" : "after-training-")}{MethodName}-{Budget}{(Precision == "fp32" ? "" : $"-{Slug(Precision)}")}";

    /// <summary>Settings on top of those of the data set and the model.</summary>
    public IReadOnlyList<string> Settings => Precision == "fp32" ? [MethodSetting] : [MethodSetting, $"embedding.precision={Precision}"];

    /// <summary>Name of the method.</summary>
    public string MethodName => string.Join('-', [Method["name"], .. Options.Select(o => $"{o.Key}={o.Value}")]);

    /// <summary>Settings of the method besides its name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Options => Method.Where(o => o.Key != "name");

    private string MethodSetting => $"embedding.method={{{string.Join(", ", Method.Append(new("budget", Budget)).Select(o => $"{o.Key}: {o.Value}"))}}}";

    /// <summary>The same with another budget, and so what it is made of where that was sized by it.</summary>
    public StudyPoint At(long bytes) => this with { Budget = FormattableString.Invariant($"{bytes}B"), Base = Base is { IsHidden: true } ? Base.At(bytes) : Base };

    /// <summary>A run of the point.</summary>
    public string RunName(int seed) => FormattableString.Invariant($"{Name}-{seed}");

    /// <summary>The command line that makes the point of a run of <see cref="Base"/>.</summary>
    public IEnumerable<string> CompressArgs(string from, string to)
    {
        List<string> args = ["compress", from, "--out", to];
        if (Precision != "fp32")
            args.AddRange(["--precision", Precision]);
        if (Base!.MethodName == MethodName)
            return args;
        return [.. args, "--method", Method["name"], "--budget", Budget, .. Options.SelectMany(o => (string[])["--set", $"embedding.method.{o.Key}={o.Value}"])];
    }

    private static string Slug(string text) => text.Trim('{', '}').Replace(": ", "=", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal);
}
