namespace RecSys.Cli.Studies;

/// <summary>How a study is run.</summary>
internal sealed record StudyOptions
{
    /// <summary>Folder of <c>results.jsonl</c> and the report.</summary>
    public required string Folder { get; init; }

    /// <summary>Folder of the runs while they are needed.</summary>
    public required string RunFolder { get; init; }

    /// <summary>The command, for the report.</summary>
    public required string Command { get; init; }

    /// <summary>Goes on from results that are there.</summary>
    public bool Resume { get; init; }

    /// <summary>Data sets that are wanted.</summary>
    public required IReadOnlyList<string> Datasets { get; init; }

    /// <summary>Models that are wanted.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Runs at the same time.</summary>
    public required int Processes { get; init; }

    /// <summary>Bytes that the runs may take together.</summary>
    public required long Memory { get; init; }

    /// <summary>Shows the bill and stops.</summary>
    public bool DryRun { get; init; }
}
