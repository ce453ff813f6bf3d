using RecSys.Data.Configuration;

namespace RecSys.Data.Ingest;

/// <summary>How rows are dealt out to train, validation and test.</summary>
/// <param name="By">The rule.</param>
/// <param name="Validation">Share of the rows (or users) for validation.</param>
/// <param name="Test">Share of the rows (or users) for test.</param>
/// <param name="Key">SQL of the time, the user or the given split; null for a random split.</param>
/// <param name="User">SQL of the user of a split by time within users.</param>
/// <param name="ValidationFrom">First time of validation; null when shares decide.</param>
/// <param name="TestFrom">First time of test; null when shares decide.</param>
/// <param name="Seed">Seed of random and user splits.</param>
internal sealed record SplitConfig(
    SplitRule By, double Validation, double Test, string? Key, string? User, string? ValidationFrom, string? TestFrom, long Seed)
{
    internal static SplitConfig Read(ConfigNode node, long seed)
    {
        SplitRule by = node.Choice("by", "random", "random", "time", "user", "per_user_time", "given") switch
        {
            "time" => SplitRule.Time,
            "user" => SplitRule.User,
            "per_user_time" => SplitRule.PerUserTime,
            "given" => SplitRule.Given,
            _ => SplitRule.Random,
        };
        bool hasTimes = by == SplitRule.Time && (node.Has("validation_from") || node.Has("test_from"));
        bool hasShares = by != SplitRule.Given && !hasTimes;
        double validation = hasShares ? node.Double("validation", 0.1, 0, 0.99) : 0;
        double test = hasShares ? node.Double("test", 0.1, 0, 0.99) : 0;
        if (validation + test >= 1)
            throw node.Error("test", $"validation {validation} and test {test} leave nothing to train on; valid: shares that sum to less than 1");

        return new SplitConfig(
            by,
            validation,
            test,
            by switch
            {
                SplitRule.Time or SplitRule.PerUserTime => node.String("order"),
                SplitRule.User => node.String("user"),
                SplitRule.Given => node.String("column", "split"),
                _ => null,
            },
            by == SplitRule.PerUserTime ? node.String("user") : null,
            hasTimes ? node.OptionalString("validation_from") : null,
            hasTimes ? node.String("test_from") : null,
            by is SplitRule.Random or SplitRule.User ? node.Int64("seed", seed) : seed);
    }
}
