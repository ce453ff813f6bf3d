using System.Diagnostics;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Cli.Bench;

/// <summary>
/// Preparing a CSV file at the shape of the Criteo set (13 numbers, 26 hexadecimal ids), against DuckDB copying the same file to
/// Parquet: the least that reading and writing cost.
/// </summary>
internal sealed class PrepareBench
{
    private readonly string _folder;
    private readonly string _csv;

    /// <summary>Generates the file.</summary>
    /// <param name="folder">Folder for all files.</param>
    /// <param name="rowCount">Rows of the file.</param>
    /// <param name="idCount">Ids of all fields together.</param>
    public PrepareBench(string folder, int rowCount, long idCount)
    {
        _folder = folder;
        _csv = Path.Combine(folder, "raw.csv");
        string raw = Path.Combine(folder, "raw.parquet");
        var options = SyntheticOptions.Criteo(rowCount, idCount);
        SyntheticDataset.WriteRaw(options, raw);
        var columns = options.Fields.Select(field => field.Name.StartsWith('I') ? field.Name : $"printf('%08x', hash({field.Name}) & 4294967295) AS {field.Name}");
        using var database = DuckDatabase.Open();
        database.Execute($"COPY (SELECT label, {string.Join(", ", columns)} FROM '{raw}') TO '{_csv}' (FORMAT csv, HEADER)");
        File.Delete(raw);
    }

    /// <summary>Bytes of the CSV file.</summary>
    public long ByteCount => new FileInfo(_csv).Length;

    /// <summary>Prepares the file with the rules of <c>configs/datasets/criteo.yaml</c>.</summary>
    /// <returns>Seconds.</returns>
    public double Prepare()
    {
        string yaml = $$$"""
            name: bench
            min_count: 10
            sources: {train: {path: '{{{_csv}}}', format: csv}}
            features:
            - {columns: [I1..I13], transform: log_squared_bucket}
            - {columns: [C1..C26], expression: "coalesce({column}, '<missing>')"}
            split: {by: random, validation: 0.1, test: 0.1}
            """;
        return Time(() => Preparation.Run(ConfigNode.Parse(yaml, "bench"), Path.Combine(_folder, "prepared")));
    }

    /// <summary>Copies the file to Parquet with DuckDB alone.</summary>
    /// <returns>Seconds.</returns>
    public double Copy() => Time(() =>
    {
        using var database = DuckDatabase.Open();
        database.CopyToParquet($"SELECT * FROM read_csv('{_csv}')", Path.Combine(_folder, "copy.parquet"));
    });

    private static double Time(Action work)
    {
        long started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
