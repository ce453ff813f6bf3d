using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class BadInputTests : IDisposable
{
    private const string Config =
        """
        name: bad
        sources:
          events: {path: events.csv}
        features:
          - {name: user}
          - {name: price, type: numeric}
        split: {by: random, validation: 0, test: 0}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void MissingColumn_NamesFileKeyAndNearest()
    {
        _folder.Write("events.csv", "usr,price,label\na,1,1\n");

        Expect<ConfigException>(Config, "config.yaml:5: features[0].name: column 'user' is not among the events of", "events.csv", "did you mean 'usr'?", "valid: usr, price, label");
    }

    [Fact]
    public void MissingTypedColumn_NamesTheFilesColumns()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\n");

        Expect<ConfigException>(
            Config.Replace("{path: events.csv}", "{path: events.csv, types: {prize: DOUBLE}}", StringComparison.Ordinal),
            "config.yaml:3: sources.events.types: column 'prize' is not in", "did you mean 'price'?", "it has: user, price, label");
    }

    [Fact]
    public void NonNumericLabel_NamesFileLineColumnAndValue()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\nb,2,yes\n");

        Expect<DataException>(Config, "events.csv:3: column 'label': 'yes' is not a number", "the line reads 'b,2,yes'");
    }

    [Fact]
    public void LabelOutOfRange_NamesFileLineAndValue()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\nb,2,5\n");

        Expect<DataException>(Config, "events.csv:3: label: '5.0' is no label; valid: a number from 0 to 1");
    }

    [Fact]
    public void MissingLabel_NamesFileAndLine()
    {
        _folder.Write("events.csv", "user,price,label\na,1,\nb,2,1\n");

        Expect<DataException>(Config, "events.csv:2: label: a missing value is no label");
    }

    [Fact]
    public void NonNumericFeatureOfAParquetFile_NamesFileRowAndFeature()
    {
        Prepared.WriteParquet(_folder, "events.parquet", "SELECT 'a' AS \"user\", CASE range WHEN 2 THEN 'cheap' ELSE '1.5' END AS price, 1 AS label FROM range(5)");

        Expect<DataException>(Config.Replace("events.csv", "events.parquet", StringComparison.Ordinal), "events.parquet: row 3 of the events: feature 'price': 'cheap' is not a number");
    }

    [Fact]
    public void RaggedRow_NamesFileLineAndCounts()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\nb,2,1,7\n");

        Expect<DataException>(Config, "events.csv:3: 4 columns where 3 are expected", "the line reads 'b,2,1,7'");
    }

    [Fact]
    public void OpenQuote_NamesFileAndLine()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\n\"b,2,1\n");

        Expect<DataException>(Config, "events.csv:3: a quote is opened and not closed", "quote: none");
    }

    [Fact]
    public void OtherEncoding_NamesFileLineAndKey()
    {
        File.WriteAllBytes(_folder.File("events.csv"), [.. "user,price,label\na,1,1\nb"u8, 0xE9, .. ",2,1\n"u8]);

        Expect<DataException>(Config, "events.csv:3: not UTF-8 text", "encoding: latin-1");
    }

    [Fact]
    public void TruncatedParquet_NamesTheFile()
    {
        string path = Prepared.WriteParquet(_folder, "events.parquet", "SELECT range::VARCHAR AS \"user\", 1.0 AS price, 1 AS label FROM range(20000)");
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);

        Expect<DataException>(Config.Replace("events.csv", "events.parquet", StringComparison.Ordinal), "events.parquet: not a complete Parquet file");
    }

    [Fact]
    public void TinyParquet_NamesTheFile()
    {
        _folder.Write("events.parquet", "PAR1");

        Expect<DataException>(Config.Replace("events.csv", "events.parquet", StringComparison.Ordinal), "events.parquet");
    }

    [Fact]
    public void EmptyFile_NamesIt()
    {
        _folder.Write("events.csv", "");

        Expect<DataException>(Config, "events.csv: the file is empty");
    }

    [Fact]
    public void HeaderOnly_SaysThatThereAreNoRows()
    {
        _folder.Write("events.csv", "user,price,label\n");

        Expect<DataException>(Config, "events.csv: no rows");
    }

    [Fact]
    public void HeaderWithOneNameTwice_NamesIt()
    {
        _folder.Write("events.csv", "user,user,label\na,b,1\n");

        Expect<DataException>(Config, "events.csv:1: the header names column 'user' twice");
    }

    [Fact]
    public void MissingFile_NamesKeyAndFile()
        => Expect<ConfigException>(Config, "config.yaml:3: sources.events.path: no file", "events.csv");

    [Fact]
    public void Libsvm_WrongEntry_NamesFileAndLine()
    {
        _folder.Write("events.libsvm", "1 3:1 4:1\n0 3:1\n");

        Expect<DataException>(
            Config.Replace("{path: events.csv}", "{path: events.libsvm, columns: [user, price]}", StringComparison.Ordinal),
            "events.libsvm:2: valid is a numeric label and 2 entries 'id:value'", "the line reads '0 3:1'");
    }

    [Fact]
    public void WrongQuery_NamesTheKey()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\n");

        Expect<ConfigException>("query: SELECT nothing FROM nowhere\n" + Config, "config.yaml:1: query: ", "nowhere");
    }

    [Fact]
    public void WrongExpression_NamesTheKeyAndTheColumns()
    {
        _folder.Write("events.csv", "user,price,label\na,1,1\n");

        Expect<ConfigException>("label: {expression: rating >= 4}\n" + Config, "label.expression: 'rating >= 4' is not an SQL expression over the events", "their columns: user, price, label");
    }

    [Fact]
    public void UnknownKey_NamesTheNearest()
        => Expect<ConfigException>(Config.Replace("type: numeric", "typ: numeric", StringComparison.Ordinal), "features[1].typ: unknown key; did you mean 'type'?");

    [Fact]
    public void SharesThatLeaveNothing_AreAnError()
        => Expect<ConfigException>(Config.Replace("validation: 0, test: 0", "validation: 0.5, test: 0.5", StringComparison.Ordinal), "split.test: ", "leave nothing to train on");

    private void Expect<T>(string config, params string[] parts)
        where T : Exception
    {
        T error = Assert.Throws<T>(() => Prepared.Run(_folder, config));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
