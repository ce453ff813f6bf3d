using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>Writes the table <c>encoded</c> and the vocabularies as Parquet.</summary>
internal static class PreparedWriter
{
    /// <summary>Writes the parts of all splits.</summary>
    /// <param name="database">Holds <c>encoded</c>, sorted by split.</param>
    /// <param name="folder">Where to write.</param>
    /// <param name="rowCounts">Rows per split.</param>
    /// <param name="rowsPerPart">Rows of a file.</param>
    /// <param name="columns">Columns to write.</param>
    /// <param name="onPart">Told the number of rows written after each part.</param>
    internal static void WriteParts(
        DuckDatabase database, PreparedFolder folder, IReadOnlyDictionary<DataSplit, long> rowCounts, int rowsPerPart, IEnumerable<string> columns, Action<long> onPart)
    {
        string select = string.Join(", ", columns.Select(SqlText.Name));
        long begin = 0;
        foreach (DataSplit split in Enum.GetValues<DataSplit>())
        {
            long end = begin + rowCounts[split];
            for (int part = 0; begin < end; part++)
            {
                long next = Math.Min(begin + rowsPerPart, end);
                database.CopyToParquet(
                    string.Create(CultureInfo.InvariantCulture, $"SELECT {select} FROM _encoded WHERE rowid >= {begin} AND rowid < {next}"),
                    folder.FileAt($"{DataSchema.FolderOf(split)}/part-{part.ToString("D5", CultureInfo.InvariantCulture)}.parquet"));
                begin = next;
                onPart(begin);
            }
        }
    }

    /// <summary>Writes one vocabulary in the order of its ids.</summary>
    internal static void WriteVocabulary(DuckDatabase database, PreparedFolder folder, string field, string table)
        => database.CopyToParquet($"SELECT id, value, count FROM {table} ORDER BY id", folder.FileAt($"vocabulary/{field}.parquet"));
}
