using RecSys.Data.Interop;

namespace RecSys.EndToEnd.Tests;

// Raw files and configurations of data sets.
public sealed partial class BadInputTests
{
    [Fact]
    public void Prepare_MissingColumn_NamesTheNearest()
    {
        _work.Replace("data.yaml", "[user, item]", "[user, itm]");

        AssertPrepareFails("data.yaml:8: features[0].columns: column 'itm'", "did you mean 'item'?", "valid: user, item, price, label");
    }

    [Theory]
    [InlineData("u1,i1,0.5,yes", "column 'label': 'yes' is not a number")]
    [InlineData("u1,i1,0.5,7", "label: '7.0' is no label; valid: a number from 0 to 1")]
    [InlineData("u1,i1,0.5,", "label: a missing value is no label; valid: a number from 0 to 1")]
    [InlineData("u1,i1,cheap,1", "column 'price': 'cheap' is not a number")]
    [InlineData("u1,i1,0.5", "3 columns where 4 are expected")]
    [InlineData("u1,i1,0.5,1,0", "5 columns where 4 are expected")]
    public void Prepare_WrongLine_NamesFileLineAndProblem(string line, string problem)
    {
        _work.ReplaceLine("log.csv", 502, line);

        AssertPrepareFails($"{_work.PathOf("log.csv")}:502: {problem}");
    }

    [Theory]
    [InlineData(6)]
    [InlineData(2000)]
    public void Prepare_TruncatedParquet_NamesTheFile(long byteCount)
    {
        using (DuckDatabase database = DuckDatabase.Open())
            database.Execute($"COPY (SELECT * FROM read_csv('{_work.PathOf("log.csv")}')) TO '{_work.PathOf("log.parquet")}' (COMPRESSION uncompressed)");
        _work.Truncate("log.parquet", byteCount);
        _work.Replace("data.yaml", "log.csv", "log.parquet");

        AssertPrepareFails($"error: {_work.PathOf("log.parquet")}: not a complete Parquet file");
    }

    [Fact]
    public void Prepare_EmptyFile_NamesIt()
    {
        File.WriteAllText(_work.PathOf("log.csv"), "");

        AssertPrepareFails($"error: {_work.PathOf("log.csv")}: the file is empty; valid: a file with rows");
    }

    [Fact]
    public void Prepare_HeaderAlone_SaysThatThereAreNoRows()
    {
        File.WriteAllText(_work.PathOf("log.csv"), "user,item,price,label\n");

        AssertPrepareFails($"error: {_work.PathOf("log.csv")}: no rows; valid: ");
    }

    [Fact]
    public void Prepare_MissingFile_NamesTheKeyAndTheFile()
    {
        _work.Replace("data.yaml", "log.csv", "lgo.csv");

        AssertPrepareFails("data.yaml:4: sources.log.path: no file", _work.PathOf("lgo.csv"), "valid: an existing file");
    }

    [Theory]
    [InlineData("name: small", "name: small\nmin_count: few", "data.yaml:2: min_count: 'few' is not a whole number; valid: ")]
    [InlineData("{column: label}", "label", "data.yaml:5: label: is a single value; valid: a section")]
    [InlineData("validation: 0.1", "validation: 2", "data.yaml:10: split.validation: '2' is out of range; valid: ")]
    [InlineData("type: numeric", "type: number", "data.yaml:9: features[1].type: 'number' is not known; did you mean 'numeric'?")]
    [InlineData("by: random", "bye: random", "data.yaml:10: split.bye: unknown key; did you mean 'by'?")]
    public void Prepare_WrongConfiguration_NamesFileLineAndKey(string old, string replacement, string message)
    {
        _work.Replace("data.yaml", old, replacement);

        AssertPrepareFails(message);
    }

    private void AssertPrepareFails(params string[] messages)
        => _work.AssertBadInput(["prepare", _work.PathOf("data.yaml"), "--out", _work.PathOf("prepared"), "--json"], messages);
}
