namespace RecSys.Cli.Tuning;

/// <summary>A line of <c>trials.jsonl</c>: settings that were tried, and the run they gave.</summary>
internal sealed record Trial
{
    /// <summary>Number, from 1, in the order in which trials have ended.</summary>
    public required int Number { get; init; }

    /// <summary>The settings, as for <c>--set</c>.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>The run.</summary>
    public required RunReport Result { get; init; }

    /// <summary>Whether the settings are the same.</summary>
    public bool Has(IReadOnlyList<string> settings) => Settings.SequenceEqual(settings);
}
