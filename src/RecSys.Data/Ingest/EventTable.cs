using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Ingest;

/// <summary>
/// The events with the raw value of every feature, in a table <c>events</c> whose <c>rowid</c> numbers the rows. Columns: the split
/// <c>s</c> (train until it is set), <c>label</c>, <c>t0 …</c> per further label (−1 for what is none), <c>grp</c>, <c>split_key</c>, <c>split_user</c>, <c>f0 …</c> per feature, and <c>u0, o0, p0 …</c> (user, order, filter) per built sequence.
/// </summary>
internal sealed class EventTable(DuckDatabase database, DatasetConfig config)
{
    private const string View = "_input";

    private Dictionary<string, string> _types = [];

    /// <summary>Name of a feature's column in <c>events</c>.</summary>
    internal static string Column(int feature) => FormattableString.Invariant($"f{feature}");

    /// <summary>Name of a further label's column in <c>events</c>.</summary>
    internal static string TaskColumn(int task) => FormattableString.Invariant($"t{task}");

    /// <summary>Reads the sources.</summary>
    /// <returns>Number of rows.</returns>
    /// <exception cref="DataException">A value, row or file is wrong.</exception>
    internal long Create()
    {
        CreateView();
        List<(string Name, string Sql)> columns = Columns();
        string select = string.Join(",\n", columns.Select(column => $"{column.Sql} AS {column.Name}"));
        try
        {
            database.Execute($"CREATE TABLE _events AS SELECT {select} FROM {View}{(IsOrderOpen(config.Query) ? " ORDER BY ALL" : "")}");
        }
        catch (DuckException error)
        {
            if (error.Message.StartsWith("Conversion Error: Could not convert", StringComparison.Ordinal))
                ThrowNotNumeric();
            throw SourceErrors.Translate(error, "reading the sources");
        }

        ThrowIfLabelsAreWrong();
        long rows = database.Scalar<long>("SELECT count(*) FROM _events") ?? 0;
        return rows > 0 ? rows : throw new DataException($"{Files()}: no rows; valid: sources (and a query) that give at least one row");
    }

    /// <summary>
    /// Whether a query leaves the order of its rows open. Joins and groups give them in any order, but the numbers of the rows decide
    /// on splits and shuffles, so such rows are sorted by all their values: the same data set at every run.
    /// </summary>
    internal static bool IsOrderOpen(string? query)
    {
        if (query is null)
            return false;
        int order = query.LastIndexOf("order by", StringComparison.OrdinalIgnoreCase);
        // An ORDER BY inside parentheses orders a part of the query only.
        return order < 0 || query[order..].Count(c => c == ')') != query[order..].Count(c => c == '(');
    }

    /// <summary>Whether the group column holds whole numbers already.</summary>
    internal bool HasIntegerGroup => TypeOf(config.Group ?? "") is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER";

    private void CreateView()
    {
        string query = config.Query ?? string.Join(" UNION ALL BY NAME ", config.Sources.Select(source => $"SELECT * FROM {SqlText.Name(source.Name)}"));
        try
        {
            database.Execute($"CREATE VIEW {View} AS {query}");
            _types = database.ColumnTypes($"SELECT * FROM {View}");
        }
        catch (DuckException error)
        {
            if (config.Query is not null && error.Message.Contains("Error: ", StringComparison.Ordinal) && !error.Message.Contains("file =", StringComparison.Ordinal))
                throw config.Node.Error("query", error.Message.Trim());
            throw SourceErrors.Translate(error, Files());
        }
    }

    private List<(string Name, string Sql)> Columns()
    {
        var columns = new List<(string, string)> { ("s", "0::UTINYINT"), ("label", $"TRY_CAST({Sql(config.Label)} AS FLOAT)") };
        columns.AddRange(config.Tasks.Select((task, index) => (TaskColumn(index), $"CASE WHEN {Sql(task)} IS NOT NULL THEN coalesce(TRY_CAST({Sql(task)} AS FLOAT), -1) END")));
        if (config.Group is not null)
            columns.Add(("grp", Known(config.Node, "group", config.Group)));
        if (config.Split.Key is { } key)
            columns.Add(("split_key", Checked(config.Node.Section("split"), config.Split.By switch { SplitRule.Given => "column", SplitRule.User => "user", _ => "order" }, key)));
        if (config.Split.User is { } user)
            columns.Add(("split_user", Checked(config.Node.Section("split"), "user", user)));
        for (int i = 0; i < config.Features.Count; i++)
        {
            FeatureConfig feature = config.Features[i];
            if (feature.Sql is not null)
                columns.Add((Column(i), RawSql(feature)));
            if (feature.History is { } history)
                columns.AddRange(HistoryColumns(feature.Node, history, i));
        }

        return columns;
    }

    private string Sql(LabelConfig label) => label.Column is { } column ? Known(label.Node, "column", column) : Checked(label.Node, "expression", label.Sql);

    private string RawSql(FeatureConfig feature)
    {
        string sql = feature.Column is { } column ? Known(feature.Node, ColumnKey(feature), column) : feature.Sql!;
        string type = ExpressionType(feature.Node, feature.Column is null ? "expression" : ColumnKey(feature), sql);
        return FeatureSql.Raw(feature.Feature, sql, type);
    }

    private IEnumerable<(string Name, string Sql)> HistoryColumns(ConfigNode node, HistoryConfig history, int index)
    {
        string suffix = index.ToString(CultureInfo.InvariantCulture);
        yield return ($"u{suffix}", Checked(node, "user", history.User));
        yield return ($"o{suffix}", Checked(node, "order", history.OrderSql()));
        if (history.Log is null)
            yield return ($"p{suffix}", $"coalesce({Checked(node, "filter", history.Filter)}, false)");
    }

    private static string ColumnKey(FeatureConfig feature) => feature.Node.Has("columns") ? "columns" : feature.Node.Has("column") ? "column" : "name";

    private string Known(ConfigNode node, string key, string column)
    {
        if (_types.ContainsKey(column))
            return SqlText.Name(column);
        throw node.Error(key, $"column '{column}' is not among the events of {Files()}; {NearestName.Hint(column, _types.Keys)}valid: {string.Join(", ", _types.Keys)}");
    }

    private string Checked(ConfigNode node, string key, string sql)
    {
        _ = ExpressionType(node, key, sql);
        return $"({sql})";
    }

    private string ExpressionType(ConfigNode node, string key, string sql)
    {
        try
        {
            return database.ColumnTypes($"SELECT ({sql}) AS value FROM {View}")["value"];
        }
        catch (DuckException error)
        {
            throw node.Error(key, $"'{sql}' is not an SQL expression over the events: {error.Message.Split('\n')[0]}; their columns: {string.Join(", ", _types.Keys)}");
        }
    }

    private string TypeOf(string column) => _types.GetValueOrDefault(column, "");

    private void ThrowIfLabelsAreWrong()
    {
        if (database.Scalar<long>("SELECT rowid FROM _events WHERE label IS NULL OR NOT (label BETWEEN 0 AND 1) ORDER BY rowid LIMIT 1") is { } row)
            ThrowWrong("label", config.Label.Sql, $"TRY_CAST(({config.Label.Sql}) AS FLOAT) BETWEEN 0 AND 1", row, "is no label; valid: a number from 0 to 1. Other labels need 'label: {expression: …}', such as rating >= 4");
        foreach ((int index, LabelConfig task) in config.Tasks.Index())
        {
            if (database.Scalar<long>($"SELECT rowid FROM _events WHERE NOT ({TaskColumn(index)} BETWEEN 0 AND 1) ORDER BY rowid LIMIT 1") is { } wrong)
                ThrowWrong($"task '{task.Name}'", task.Sql, $"({task.Sql}) IS NULL OR coalesce(TRY_CAST(({task.Sql}) AS FLOAT) BETWEEN 0 AND 1, false)", wrong, "is no label; valid: a number from 0 to 1, or nothing where it is not known");
        }
    }

    private void ThrowNotNumeric()
    {
        foreach (FeatureConfig feature in config.Features.Where(feature => feature.Feature.IsRawNumber))
            ThrowWrong($"feature '{feature.Name}'", feature.Sql!, $"({feature.Sql}) IS NULL OR TRY_CAST(({feature.Sql}) AS DOUBLE) IS NOT NULL", -1, "is not a number; valid: a number or nothing");
    }

    // Finds the first wrong value in the sources again; only files read line by line know its line.
    private void ThrowWrong(string what, string sql, string isValid, long row, string problem)
    {
        using DuckResult result = database.Query(
            $"SELECT number, value FROM (SELECT row_number() OVER () AS number, ({sql})::VARCHAR AS value, {isValid} AS fine FROM {View}) WHERE fine IS NOT true ORDER BY number LIMIT 1");
        if (result.Next() is not { RowCount: > 0 } chunk)
        {
            if (row >= 0)
                throw new DataException($"{Files()}: row {row + 1} of the events: {what}: {problem}");
            return;
        }

        long number = chunk[0].Values<long>()[0];
        string value = chunk[1].Text(0) is { } text ? $"'{text}'" : "a missing value";
        throw new DataException($"{Place(number)}: {what}: {value} {problem}");
    }

    private string Place(long number)
    {
        bool isLine = config.Query is null && config.Sources is [{ Format: not (SourceFormat.Parquet or SourceFormat.Json), Paths: [_] }];
        return isLine
            ? FormattableString.Invariant($"{Files()}:{number + (config.Sources[0].HasHeader ? 1 : 0)}")
            : FormattableString.Invariant($"{Files()}: row {number} of the events");
    }

    private string Files() => string.Join(", ", config.Sources.SelectMany(source => source.Paths));
}
