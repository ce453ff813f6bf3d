using System.Globalization;
using RecSys.Data.Ingest;
using RecSys.Data.Interop;
using RecSys.Embeddings;

namespace RecSys.Data.Reading;

/// <summary>A raw file that is encoded with the vocabularies of a prepared data set.</summary>
internal sealed class RawInput(PreparedDataset dataset, string file)
{
    private const int PartRowCount = 65_536;
    private const string Label = "label";

    private readonly DataSchema _schema = dataset.Schema;

    /// <summary>Encodes the file and opens it for reading.</summary>
    /// <exception cref="DataException">The file is missing, broken or lacks a column, or a number is none.</exception>
    internal IBatchProducer Open(BatchOptions options)
    {
        if (!File.Exists(file))
            throw new DataException($"{file}: there is no such file; valid: a CSV, TSV or Parquet file with the columns {string.Join(", ", _schema.GivenFeatures.Select(feature => feature.Name))}");
        if (new FileInfo(file).Length == 0)
            throw new DataException($"{file}: the file is empty; valid: a file with a header and rows");

        DuckDatabase database = DuckDatabase.Open(null, new DuckOptions { ThreadCount = 1, TemporaryFolder = Path.GetTempPath() });
        try
        {
            Encode(database);
            long rows = database.Scalar<long>("SELECT count(*) FROM encoded") ?? 0;
            return new PartProducer(_schema, options, database, [.. Parts(rows)]);
        }
        catch (DuckException error)
        {
            database.Dispose();
            throw SourceErrors.Translate(error, file);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private void Encode(DuckDatabase database)
    {
        bool isParquet = Path.GetExtension(file).Equals(".parquet", StringComparison.OrdinalIgnoreCase);
        database.Execute($"CREATE VIEW input AS SELECT * FROM {(isParquet ? $"read_parquet({SqlText.Literal(file)})" : Text(database))}");
        Dictionary<string, string> types = database.ColumnTypes("SELECT * FROM input");
        List<string> fields = [.. _schema.Vocabularies.Keys];
        foreach (string field in fields)
            EncodedColumns.CreateType(database, Type(field), $"read_parquet({SqlText.Literal(VocabularyFile(field))})");
        var columns = new EncodedColumns(_schema.Features, Type);
        string raw = string.Concat(_schema.Features.Select((feature, index) => feature.Cross.Count > 0 ? "" : $", {Raw(feature, types)} AS {EventTable.Column(index)}"));
        string label = types.ContainsKey(Label) ? "coalesce(label::FLOAT, 'nan'::FLOAT)" : "'nan'::FLOAT";
        string group = _schema.Group is { } name && types.ContainsKey(name) ? $"coalesce(TRY_CAST({SqlText.Name(name)} AS BIGINT), -1)" : "-1::BIGINT";
        database.Execute($"CREATE TABLE raw AS SELECT {label} AS label, {group} AS grp{raw} FROM input");
        for (int i = 0; i < _schema.Features.Count; i++)
            columns.Add(i);
        string tasks = string.Concat(_schema.Tasks.Select(task => $", 'nan'::FLOAT AS {SqlText.Name(task.Column)}"));
        database.Execute($"CREATE TABLE encoded AS SELECT {columns.Selects}, label{tasks}, grp AS \"group\" FROM raw");

        string Type(string field) => FormattableString.Invariant($"vocabulary_{fields.IndexOf(field)}");
    }

    // What must be a number is read as one, so that a wrong value is reported with its line.
    private string Text(DuckDatabase database)
    {
        TextTable table = TextTable.Open(file);
        HashSet<string> numbers = new(_schema.Features.Where(feature => feature.IsRawNumber).Select(feature => feature.Name).Append(Label), StringComparer.OrdinalIgnoreCase);
        return table.Relation(table.Header(database), column => numbers.Contains(column) ? "DOUBLE" : "VARCHAR");
    }

    private string Raw(DataFeature feature, Dictionary<string, string> types)
    {
        if (types.TryGetValue(feature.Name, out string? type))
            return FeatureSql.Raw(feature, SqlText.Name(feature.Name), type);
        throw new DataException(
            $"{file}: has no column '{feature.Name}'; {NearestName.Hint(feature.Name, types.Keys)}it has: {string.Join(", ", types.Keys)}; needed: {string.Join(", ", _schema.GivenFeatures.Select(other => other.Name))}");
    }

    private IEnumerable<Part> Parts(long rows)
    {
        for (long begin = 0; begin < rows; begin += PartRowCount)
        {
            int count = (int)Math.Min(PartRowCount, rows - begin);
            string relation = string.Create(CultureInfo.InvariantCulture, $"encoded WHERE rowid >= {begin} AND rowid < {begin + count}");
            yield return new Part(file, relation, count);
        }
    }

    private string VocabularyFile(string field) => Path.Combine(dataset.Folder, "vocabulary", $"{field}.parquet");
}
