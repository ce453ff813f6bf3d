using System.Globalization;
using System.Text.RegularExpressions;
using RecSys.Data.Interop;

namespace RecSys.EndToEnd.Tests;

/// <summary>What a user sees who makes a mistake: exit code 2, one line that says where and what is valid, nothing half-written.</summary>
public sealed partial class BadInputTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>, IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("batch_size: 100", "batchsize: 100", "run.yaml:7: train.batchsize: unknown key; did you mean 'batch_size'?")]
    [InlineData("batch_size: 100", "batch_size: many", "run.yaml:7: train.batch_size: 'many' is not a whole number; valid: ")]
    [InlineData("batch_size: 100", "batch_size: 0", "run.yaml:7: train.batch_size: '0' is out of range; valid: ")]
    [InlineData("seed: 7", "seed: [7, 8]", "run.yaml:8: train.seed: is a list; valid: a single value")]
    [InlineData("name: deepfm", "name: depfm", "run.yaml:2: model.name: ")]
    [InlineData("name: full", "name: qrr", "run.yaml:5: embedding.method.name: ")]
    [InlineData("name: full", "name: qr, budget: big", "run.yaml:5: embedding.method.budget: ")]
    [InlineData("dimension: 8", "dimension: -8", "run.yaml:4: embedding.dimension: '-8' is out of range; valid: ")]
    public void Train_WrongConfiguration_NamesFileLineAndKey(string old, string replacement, string message)
    {
        _work.CopyFolder(trained.Work, "prepared");
        _work.Replace("run.yaml", old, replacement);

        AssertTrainFails(message);
    }

    [Theory]
    [InlineData("train.device=cuda:250", "train.device: there is no device 'cuda:250'")]
    [InlineData("train.device=gpu", "train.device: Unknown device 'gpu'; valid are cpu, cuda, cuda:N, auto")]
    [InlineData("train.host_tables=[embedding/nothing]", "train.host_tables: there is no table 'embedding/nothing'; valid: ")]
    public void Train_NoSuchDeviceOrTable_NamesIt(string set, string message)
    {
        _work.CopyFolder(trained.Work, "prepared");

        _work.AssertBadInput(["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--set", set, "--json"], message);

        Assert.False(Directory.Exists(_work.PathOf("run")));
    }

    [Fact]
    public void Train_NoPreparedData_NamesTheKeyAndTheFolder()
        => AssertTrainFails("run.yaml:1: dataset.path: ", _work.PathOf("prepared"), "make one with 'recsys prepare");

    [Fact]
    public void Train_BudgetTooSmall_StatesTheSmallestThatThenWorks()
    {
        _work.CopyFolder(trained.Work, "prepared");
        _work.Replace("run.yaml", "name: full", "name: qr, budget: 10B");
        string[] train = ["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--json"];

        _work.AssertBadInput(train, "run.yaml:5: embedding.method.budget: ", "the fields user, item in the sets ", "the smallest possible is ");
        Match smallest = SmallestByteCount().Match(CommandProcess.RunRecSys(train).Error);
        _work.Replace("run.yaml", "10B", smallest.Groups[1].Value + "B");
        long byteCount = Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run")).GetProperty("embedding_bytes").GetInt64();

        Assert.Equal(smallest.Groups[1].Value, byteCount.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("9999")]
    public void Train_IdBeyondTheVocabulary_NamesFileRowAndRange(string id)
    {
        _work.CopyFolder(trained.Work, "prepared");
        string file = _work.PathOf("prepared/train/part-00000.parquet");
        ChangeItem(file, row: 300, id);

        CommandResult result = CommandProcess.RunRecSys("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--json");

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"error: {file}, row 300: column 'item' has id {id}, which its vocabulary 'item' does not have; valid: 0 … 89", result.Error, StringComparison.Ordinal);
        // No checkpoint was reached, so the same folder takes the run once the data are mended.
        Directory.Delete(_work.PathOf("prepared"), recursive: true);
        _work.CopyFolder(trained.Work, "prepared");
        Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"));
    }

    [Fact]
    public void Evaluate_OtherVocabulary_NamesTheField()
    {
        _work.ReplaceLine("log.csv", 500, "u1,another,0.5,1");
        _work.Prepare();

        _work.AssertBadInput(
            ["evaluate", trained.Run, "--data", _work.PathOf("prepared")],
            $"error: {_work.PathOf("prepared/schema.json")}: field 'item' has another vocabulary (", "than is needed (90 ids)");
    }

    [Fact]
    public void Evaluate_IdBeyondTheVocabulary_NamesFileRowAndRange()
    {
        _work.CopyFolder(trained.Work, "prepared");
        string file = _work.PathOf("prepared/test/part-00000.parquet");
        ChangeItem(file, row: 30, "90");

        _work.AssertBadInput(
            ["evaluate", trained.Run, "--data", _work.PathOf("prepared")],
            $"error: {file}, row 30: column 'item' has id 90, which its vocabulary 'item' does not have; valid: 0 … 89");
    }

    [Fact]
    public void Evaluate_MissingFeature_NamesIt()
    {
        _work.Replace("data.yaml", "[user, item]", "[user]");
        _work.Prepare();

        _work.AssertBadInput(["evaluate", trained.Run, "--data", _work.PathOf("prepared")], "schema.json: there is no feature 'item'; needed are user, item, price");
    }

    [Fact]
    public void Evaluate_TruncatedPart_NamesTheFile()
    {
        _work.CopyFolder(trained.Work, "prepared");
        string part = _work.PathOf("prepared/test/part-00000.parquet");
        _work.Truncate("prepared/test/part-00000.parquet", 100);

        _work.AssertBadInput(["evaluate", trained.Run, "--data", _work.PathOf("prepared")], $"error: {part}: not a complete Parquet file");
    }

    [Fact]
    public void Evaluate_NoRun_NamesTheFolder()
        => _work.AssertBadInput(["evaluate", _work.PathOf("none")], _work.PathOf("none"), "recsys train");

    [Theory]
    [InlineData("user,itm,price\nu1,i1,0.5\n", ": has no column 'item'; did you mean 'itm'? it has: user, itm, price; needed: user, item, price")]
    [InlineData("user,item,price\nu1,i1,0.5\nu1,i1,cheap\n", ":3: column 'price': 'cheap' is not a number")]
    [InlineData("user,item,price\nu1,i1,0.5\nu1,i1\n", ":3: 2 columns where 3 are expected")]
    [InlineData("user,item,price,label\nu1,i1,0.5,1\nu1,i1,0.5,yes\n", ":3: column 'label': 'yes' is not a number")]
    [InlineData("", ": the file is empty; valid: ")]
    public void Predict_WrongInput_NamesFileLineAndProblem(string csv, string problem)
    {
        File.WriteAllText(_work.PathOf("input.csv"), csv);

        AssertPredictFails(_work.PathOf("input.csv"), $"error: {_work.PathOf("input.csv")}{problem}");
    }

    [Fact]
    public void Predict_MissingInput_NamesIt()
        => AssertPredictFails(_work.PathOf("none.csv"), $"error: {_work.PathOf("none.csv")}: there is no such file; valid: a CSV, TSV or Parquet file with the columns user, item, price");

    [Fact]
    public void Predict_OutputInNoFolder_NamesIt()
        => _work.AssertBadInput(["predict", trained.Run, "--input", _work.PathOf("log.csv"), "--output", _work.PathOf("none/out.csv")], "--output", _work.PathOf("none"));

    [Fact]
    public void Predict_IdNeverSeen_CountsAsUnknown()
    {
        // The vocabulary maps values, so a new one is no mistake: it has the vector of id 0, as a missing value has.
        File.WriteAllText(_work.PathOf("input.csv"), "user,item,price\nu1,never-seen,0.5\nu1,,0.5\nu1,i1,0.5\n");

        Workspace.RunToResult("predict", trained.Run, "--input", _work.PathOf("input.csv"), "--output", _work.PathOf("out.csv"));

        string[] lines = File.ReadAllLines(_work.PathOf("out.csv"));
        Assert.Equal(4, lines.Length);
        Assert.Equal(lines[1], lines[2]);
        Assert.NotEqual(lines[1], lines[3]);
    }

    private static void ChangeItem(string file, int row, string id)
    {
        using DuckDatabase database = DuckDatabase.Open();
        database.Execute($"CREATE TABLE part AS SELECT * FROM read_parquet('{file}')");
        database.Execute($"UPDATE part SET item = {id} WHERE rowid = {row}");
        database.Execute($"COPY (SELECT * FROM part ORDER BY rowid) TO '{file}' (FORMAT parquet)");
    }

    private void AssertTrainFails(params string[] messages)
        => _work.AssertBadInput(["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--json"], messages);

    private void AssertPredictFails(string input, params string[] messages)
        => _work.AssertBadInput(["predict", trained.Run, "--input", input, "--output", _work.PathOf("out.csv")], messages);

    [GeneratedRegex("the smallest possible is ([0-9]+) bytes")]
    private static partial Regex SmallestByteCount();
}
