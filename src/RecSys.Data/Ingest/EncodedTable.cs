using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// The finished rows in a table <c>encoded</c>: train rows first and shuffled, then validation and test in the order of the events.
/// </summary>
internal sealed class EncodedTable(DuckDatabase database, DatasetConfig config, IReadOnlyList<DataFeature> features, Vocabularies vocabularies)
{
    /// <summary>Creates the table.</summary>
    /// <returns>Rows per split.</returns>
    internal IReadOnlyDictionary<DataSplit, long> Create(bool hasIntegerGroup)
    {
        var columns = new EncodedColumns(features, vocabularies.Type);
        var joins = new List<string>();
        for (int i = 0; i < features.Count; i++)
        {
            if (config.Features[i].History is null)
            {
                columns.Add(i);
                continue;
            }

            columns.AddEncoded(i, HistoryTables.Select(i, features[i].MaxLength));
            joins.Add(HistoryTables.Join(i, features[i].MaxLength));
        }

        (string groupSelect, string groupJoin) = Group(hasIntegerGroup);
        string tasks = string.Concat(config.Tasks.Select((task, index) => $", coalesce({EventTable.TaskColumn(index)}, 'nan'::FLOAT) AS {SqlText.Name(task.Task.Column)}"));
        database.Execute(
            $"""
            CREATE TABLE _encoded AS
            SELECT s, {columns.Selects}, label{tasks}{groupSelect}
            FROM _events
            {string.Join("\n", joins)}
            {groupJoin}
            ORDER BY s, CASE WHEN s = 0 THEN {RandomKey.Sql("_events.rowid", config.Seed)} ELSE _events.rowid END, _events.rowid
            """);
        return CountRows();
    }

    // Groups only need to be told apart: whole numbers stay, other values are numbered, and rows without one form a group of their own.
    private (string Select, string Join) Group(bool hasIntegerGroup)
    {
        if (config.Group is null)
            return ("", "");
        if (hasIntegerGroup)
            return (", coalesce(grp::BIGINT, -1) AS \"group\"", "");
        database.Execute("CREATE TABLE _groups AS SELECT grp AS value, row_number() OVER (ORDER BY grp) AS id FROM (SELECT DISTINCT grp FROM _events WHERE grp IS NOT NULL)");
        return (", coalesce(groups.id, -1)::BIGINT AS \"group\"", "LEFT JOIN _groups groups ON groups.value = _events.grp");
    }

    private Dictionary<DataSplit, long> CountRows()
    {
        var counts = new Dictionary<DataSplit, long>();
        foreach (DataSplit split in Enum.GetValues<DataSplit>())
            counts[split] = database.Scalar<long>("SELECT count(*) FROM _encoded WHERE s = ?", (int)split) ?? 0;
        return counts;
    }
}
