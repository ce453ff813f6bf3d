using RecSys.Data.Configuration;

namespace RecSys.Serving.Tests;

public sealed class ServingConfigTests
{
    [Fact]
    public void Read_TheFileOfDefaults_IsWhatNothingGives()
    {
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "RecSys.sln")))
            folder = Path.GetDirectoryName(folder);

        var file = ServingConfig.Read(ConfigNode.Load(Path.Combine(folder!, "configs", "serving", "default.yaml")), "runs/a");
        var nothing = ServingConfig.Read(ConfigNode.Parse("{}", "test.yaml"), "runs/a");

        Assert.Equal(nothing.Models, file.Models);
        Assert.Equal(nothing with { Models = file.Models, ApiKeys = file.ApiKeys }, file);
    }

    [Theory]
    [InlineData("{url: 'http://0.0.0.0:80', port: 8}", "port: unknown key")]
    [InlineData("{kept_versions: 0}", "kept_versions: '0' is out of range")]
    [InlineData("{models: {a: runs/b}}", "models: 'a' is the run of the command line too")]
    [InlineData("{api_key_file: none.txt}", "api_key_file: there is no file 'none.txt' with a key a line")]
    [InlineData("{deltas: {b: '.'}}", "deltas: there is no model 'b'")]
    [InlineData("{deltas: {a: none}}", "deltas: there is no folder 'none'")]
    [InlineData("{deltas: {a: '.'}, rows: cluster}", "deltas: rows are read live from the nodes")]
    [InlineData("{rows: nodes}", "rows.name: 'nodes' is not known")]
    [InlineData("{rows: {name: files, cache_bytes: 0}}", "rows.cache_bytes: unknown key")]
    [InlineData("{rows: {name: cluster, timeout_seconds: 0}}", "rows.timeout_seconds: '0' is out of range")]
    [InlineData("{request_timeout_seconds: soon}", "request_timeout_seconds: 'soon' is not a number")]
    public void Read_WrongKey_NamesIt(string yaml, string message)
        => Assert.Contains(message, Assert.Throws<ConfigException>(() => ServingConfig.Read(ConfigNode.Parse(yaml, "test.yaml"), "runs/a/")).Message, StringComparison.Ordinal);
}
