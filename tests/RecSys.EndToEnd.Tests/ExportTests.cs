using System.Text.Json;
using RecSys.Data.Interop;

namespace RecSys.EndToEnd.Tests;

public sealed class ExportTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>, IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Export_Safetensors_IsOneFileWithATensorPerField()
    {
        JsonElement result = Workspace.RunToResult("export", trained.Run, "--format", "safetensors", "--out", _work.PathOf("vectors.safetensors"));

        Assert.Equal(new FileInfo(_work.PathOf("vectors.safetensors")).Length, result.GetProperty("bytes").GetInt64());
        Assert.Equal(90, result.GetProperty("fields").GetProperty("item").GetInt64());
        Assert.Equal("deepfm", result.GetProperty("metadata").GetProperty("model").GetString());
        Assert.Empty(Directory.GetFiles(_work.PathOf(""), "*.tmp"));
    }

    [Fact]
    public void Export_Parquet_HasTheRawValueBesideEachVector()
    {
        CommandResult result = CommandProcess.RunRecSys("export", trained.Run, "--format", "parquet", "--fields", "item", "--out", _work.PathOf("vectors"));

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.StartsWith("90 vectors of 8 numbers (item): ", result.Output, StringComparison.Ordinal);
        Assert.Contains("vectors/s", result.Error, StringComparison.Ordinal);
        Assert.Equal([_work.PathOf("vectors/item.parquet")], Directory.GetFileSystemEntries(_work.PathOf("vectors")));
        using DuckDatabase database = DuckDatabase.Open();
        string file = $"read_parquet('{_work.PathOf("vectors/item.parquet")}')";
        Assert.Equal(90, database.Scalar<long>($"SELECT count(*) FROM {file} WHERE len(vector) = 8"));
        Assert.Equal(89, database.Scalar<long>($"SELECT count(DISTINCT value) FROM {file} WHERE value SIMILAR TO 'i[0-9]+' AND count > 0"));
        Assert.Equal(1, database.Scalar<long>($"SELECT count(*) FROM {file} WHERE id = 0 AND value IS NULL AND count IS NULL"));
    }

    [Fact]
    public void Export_NoRun_NamesTheFolder()
        => _work.AssertBadInput(["export", _work.PathOf("none"), "--format", "parquet"], _work.PathOf("none"), "recsys train");

    [Theory]
    [InlineData("csv", "embedding", "item", "'csv'")]
    [InlineData("parquet", "embedding", "itm", "the embedding set 'embedding' has no field 'itm'; did you mean 'item'? valid: user, item")]
    [InlineData("safetensors", "none", "item", "no embedding set 'none'; valid are linear, embedding")]
    public void Export_UnknownName_ListsTheValidOnes(string format, string set, string field, string message)
        => _work.AssertBadInput(["export", trained.Run, "--format", format, "--set", set, "--fields", field, "--out", _work.PathOf("vectors"), "--json"], message);

    [Theory]
    [InlineData("parquet", "", "holds files, and is left alone; valid: a new folder or an empty one")]
    [InlineData("parquet", "log.csv", "log.csv: is a file; valid: a new folder or an empty one")]
    [InlineData("safetensors", "log.csv", "log.csv: the file is not empty, and is left alone; valid: a new file or an empty one")]
    public void Export_OutputTaken_LeavesItAlone(string format, string output, string message)
        => _work.AssertBadInput(["export", trained.Run, "--format", format, "--out", _work.PathOf(output)], message);

    [Fact]
    public void Export_NoFormat_AsksForIt() => _work.AssertBadInput(["export", trained.Run], "--format");
}
