using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// Deals the rows of <c>raw</c> out: a table <c>split</c> with one <c>s</c> (0 train, 1 validation, 2 test) per row, in the rows' order.
/// </summary>
internal sealed class SplitTable(DuckDatabase database, DatasetConfig config)
{
    private readonly SplitConfig _split = config.Split;

    internal void Create(long rowCount)
    {
        switch (_split.By)
        {
            case SplitRule.Random:
                CreateRandom(rowCount);
                break;
            case SplitRule.User:
                CreateByUser();
                break;
            case SplitRule.Time:
                CreateByTime(rowCount);
                break;
            case SplitRule.PerUserTime:
                CreateByTimeOfUser();
                break;
            default:
                CreateAsGiven();
                break;
        }

        if (database.Scalar<long>("SELECT count(*) FROM _split WHERE s = 0") is 0 or null)
            throw config.Node.Error("split", "no row is left to train on; valid: a split with a train part");
    }

    // The rows with the smallest random keys are test, the next ones validation: exact shares whatever the seed.
    private void CreateRandom(long rowCount)
    {
        (long test, long validation) = Counts(rowCount);
        Execute(
            $"""
            SELECT CASE WHEN place <= {Text(test)} THEN 2 WHEN place <= {Text(test + validation)} THEN 1 ELSE 0 END::UTINYINT AS s
            FROM (SELECT rowid AS r, row_number() OVER (ORDER BY {RandomKey.Sql("rowid", _split.Seed)}, rowid) AS place FROM _raw)
            ORDER BY r
            """);
    }

    private void CreateByUser()
    {
        long users = database.Scalar<long>("SELECT count(DISTINCT split_key) FROM _raw") ?? 0;
        (long test, long validation) = Counts(users);
        Execute(
            $"""
            SELECT CASE WHEN place <= {Text(test)} THEN 2 WHEN place <= {Text(test + validation)} THEN 1 ELSE 0 END::UTINYINT AS s
            FROM (SELECT rowid AS r, split_key FROM _raw) rows
            LEFT JOIN (SELECT split_key, row_number() OVER (ORDER BY md5(split_key::VARCHAR || ':{Text(_split.Seed)}'), split_key) AS place
                       FROM (SELECT DISTINCT split_key FROM _raw WHERE split_key IS NOT NULL)) users USING (split_key)
            ORDER BY r
            """);
    }

    // Rows of one time stay together: a share is cut at the time of the row where it ends.
    private void CreateByTime(long rowCount)
    {
        (long test, long validation) = Counts(rowCount);
        string? testFrom = _split.TestFrom ?? (test > 0 ? TimeAt(rowCount - test) : null);
        string? validationFrom = _split.ValidationFrom ?? (validation > 0 ? TimeAt(rowCount - test - validation) : null);
        string type = database.Text("SELECT typeof(split_key) FROM _raw LIMIT 1")!;
        Execute($"SELECT CASE {When(testFrom, 2)} {When(validationFrom, 1)} WHEN true THEN 0 END::UTINYINT AS s FROM _raw ORDER BY rowid");

        string When(string? from, int split)
            => from is null ? "" : FormattableString.Invariant($"WHEN split_key >= CAST({SqlText.Literal(from)} AS {type}) THEN {split}");
    }

    private string TimeAt(long place)
        => database.Text($"SELECT split_key::VARCHAR FROM _raw ORDER BY split_key NULLS FIRST, rowid LIMIT 1 OFFSET {Text(Math.Max(0, place))}")
            ?? database.Text("SELECT max(split_key)::VARCHAR FROM _raw")
            ?? throw config.Node.Section("split").Error("order", $"'{_split.Key}' is missing in all rows; valid: an expression with a value");

    private void CreateByTimeOfUser()
        => Execute(
            $"""
            SELECT CASE WHEN split_user IS NULL THEN 0
                        WHEN place > rows - round(rows * {Text(_split.Test)}) THEN 2
                        WHEN place > rows - round(rows * {Text(_split.Test)}) - round(rows * {Text(_split.Validation)}) THEN 1
                        ELSE 0 END::UTINYINT AS s
            FROM (SELECT rowid AS r, split_user,
                         row_number() OVER (PARTITION BY split_user ORDER BY split_key NULLS FIRST, rowid) AS place,
                         count(*) OVER (PARTITION BY split_user) AS rows
                  FROM _raw)
            ORDER BY r
            """);

    private void CreateAsGiven()
    {
        if (database.Text("SELECT split_key::VARCHAR FROM _raw WHERE coalesce(lower(split_key::VARCHAR), '') NOT IN ('train', 'validation', 'valid', 'val', 'dev', 'test') LIMIT 1") is { } other)
            throw config.Node.Section("split").Error("column", $"'{other}' in column '{_split.Key}' names no split; valid: train, validation (valid, val, dev), test");
        Execute("SELECT CASE lower(split_key::VARCHAR) WHEN 'train' THEN 0 WHEN 'test' THEN 2 ELSE 1 END::UTINYINT AS s FROM _raw ORDER BY rowid");
    }

    private (long Test, long Validation) Counts(long count)
        => ((long)Math.Round(count * _split.Test, MidpointRounding.AwayFromZero), (long)Math.Round(count * _split.Validation, MidpointRounding.AwayFromZero));

    private void Execute(string select)
    {
        try
        {
            database.Execute($"CREATE TABLE _split AS {select}");
        }
        catch (DuckException error)
        {
            ConfigNode node = config.Node.Section("split");
            throw node.Error("by", $"the split failed: {error.Message.Split('\n')[0]}");
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
