using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>Deals the rows of <c>events</c> out: sets their <c>s</c> (0 train, 1 validation, 2 test).</summary>
internal sealed class SplitTable(DuckDatabase database, DatasetConfig config)
{
    private readonly SplitConfig _split = config.Split;

    internal void Create(long rowCount)
    {
        string split = _split.By switch
        {
            SplitRule.Random => Random(rowCount),
            SplitRule.Time => Time(rowCount),
            SplitRule.Given => Given(),
            SplitRule.User => Users(),
            _ => TimeOfUsers(),
        };
        try
        {
            database.Execute($"UPDATE _events SET s = {split}");
        }
        catch (DuckException error)
        {
            ConfigNode node = config.Node.Section("split");
            throw node.Error("by", $"the split failed: {error.Message.Split('\n')[0]}");
        }

        if (database.Scalar<long>("SELECT count(*) FROM _events WHERE s = 0") is 0 or null)
            throw config.Node.Error("split", "no row is left to train on; valid: a split with a train part");
    }

    // The rows with the smallest random keys are test, the next ones validation: exact shares whatever the seed, as no two keys are equal.
    private string Random(long rowCount)
    {
        (long test, long validation) = Counts(rowCount);
        string key = RandomKey.Sql("rowid", _split.Seed);
        return $"CASE WHEN {key} < {KeyAt(test)} THEN 2 WHEN {key} < {KeyAt(test + validation)} THEN 1 ELSE 0 END";

        string KeyAt(long place) => Text(database.Scalar<long>($"SELECT {key} AS key FROM _events ORDER BY key LIMIT 1 OFFSET {Text(place)}") ?? 1L << 32);
    }

    private string Users()
    {
        long users = database.Scalar<long>("SELECT count(DISTINCT split_key) FROM _events") ?? 0;
        (long test, long validation) = Counts(users);
        return $"""
            CASE WHEN place <= {Text(test)} THEN 2 WHEN place <= {Text(test + validation)} THEN 1 ELSE 0 END
            FROM (SELECT split_key AS key, row_number() OVER (ORDER BY md5(split_key::VARCHAR || ':{Text(_split.Seed)}'), split_key) AS place
                  FROM (SELECT DISTINCT split_key FROM _events WHERE split_key IS NOT NULL))
            WHERE key = split_key
            """;
    }

    private string TimeOfUsers()
        => $"""
            CASE WHEN place > rows - round(rows * {Text(_split.Test)}) THEN 2
                 WHEN place > rows - round(rows * {Text(_split.Test)}) - round(rows * {Text(_split.Validation)}) THEN 1
                 ELSE 0 END
            FROM (SELECT rowid AS r,
                         row_number() OVER (PARTITION BY split_user ORDER BY split_key NULLS FIRST, rowid) AS place,
                         count(*) OVER (PARTITION BY split_user) AS rows
                  FROM _events WHERE split_user IS NOT NULL)
            WHERE r = _events.rowid
            """;

    // Rows of one time stay together: a share is cut at the time of the row where it ends.
    private string Time(long rowCount)
    {
        (long test, long validation) = Counts(rowCount);
        string? testFrom = _split.TestFrom ?? (test > 0 ? TimeAt(rowCount - test) : null);
        string? validationFrom = _split.ValidationFrom ?? (validation > 0 ? TimeAt(rowCount - test - validation) : null);
        string type = database.Text("SELECT typeof(split_key) FROM _events LIMIT 1")!;
        return $"CASE {When(testFrom, 2)} {When(validationFrom, 1)} WHEN true THEN 0 END";

        string When(string? from, int split)
            => from is null ? "" : FormattableString.Invariant($"WHEN split_key >= CAST({SqlText.Literal(from)} AS {type}) THEN {split}");
    }

    private string TimeAt(long place)
        => database.Text($"SELECT split_key::VARCHAR FROM _events ORDER BY split_key NULLS FIRST, rowid LIMIT 1 OFFSET {Text(Math.Max(0, place))}")
            ?? database.Text("SELECT max(split_key)::VARCHAR FROM _events")
            ?? throw config.Node.Section("split").Error("order", $"'{_split.Key}' is missing in all rows; valid: an expression with a value");

    private string Given()
    {
        if (database.Text("SELECT split_key::VARCHAR FROM _events WHERE coalesce(lower(split_key::VARCHAR), '') NOT IN ('train', 'validation', 'valid', 'val', 'dev', 'test') LIMIT 1") is { } other)
            throw config.Node.Section("split").Error("column", $"'{other}' in column '{_split.Key}' names no split; valid: train, validation (valid, val, dev), test");
        return "CASE lower(split_key::VARCHAR) WHEN 'train' THEN 0 WHEN 'test' THEN 2 ELSE 1 END";
    }

    private (long Test, long Validation) Counts(long count)
        => ((long)Math.Round(count * _split.Test, MidpointRounding.AwayFromZero), (long)Math.Round(count * _split.Validation, MidpointRounding.AwayFromZero));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
