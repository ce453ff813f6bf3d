using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Tests;

/// <summary>Prepares small data and reads the result back as text.</summary>
internal static class Prepared
{
    /// <summary>Prepares with <c>root</c> at the folder of the raw files, into its folder <c>out</c>.</summary>
    internal static PreparedDataset Run(TemporaryFolder folder, string yaml, params string[] overrides)
    {
        string output = folder.File("out");
        _ = Preparation.Run(ConfigNode.Parse(yaml, "config.yaml", [$"root={folder.Path}", "threads=2", .. overrides]), output);
        return PreparedDataset.Open(output);
    }

    /// <summary>The rows of a split in file order, columns joined by a space; lists as [1, 2].</summary>
    internal static string[] Rows(PreparedDataset dataset, DataSplit split, string columns)
        => Query($"SELECT concat_ws(' ', {columns}) FROM read_parquet({SqlText.Literal(dataset.Folder + "/" + split.ToString().ToLower(CultureInfo.InvariantCulture) + "/*.parquet")}, file_row_number = true, filename = true) ORDER BY filename, file_row_number");

    /// <summary>A vocabulary as <c>id value count</c>.</summary>
    internal static string[] Vocabulary(PreparedDataset dataset, string field)
        => Query($"SELECT concat_ws(' ', id, value, count) FROM read_parquet({SqlText.Literal(dataset.Folder + "/vocabulary/" + field + ".parquet")})");

    /// <summary>A query's first column as text.</summary>
    internal static string[] Query(string sql)
    {
        using DuckDatabase database = DuckDatabase.Open();
        using DuckResult result = database.Query(sql);
        var rows = new List<string>();
        while (result.Next() is { } chunk)
        {
            for (int i = 0; i < chunk.RowCount; i++)
                rows.Add(chunk[0].Text(i)!);
        }

        return [.. rows];
    }

    /// <summary>Writes a Parquet file from SQL.</summary>
    internal static string WriteParquet(TemporaryFolder folder, string name, string sql)
    {
        using DuckDatabase database = DuckDatabase.Open();
        _ = database.CopyToParquet(sql, folder.File(name));
        return folder.File(name);
    }
}
