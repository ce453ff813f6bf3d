using RecSys.Cluster.Http;

namespace RecSys.Cluster.Tests.Http;

public sealed class ApiKeyFileTests
{
    [Fact]
    public void Read_LinesWithKeys_AreTrimmed() => Assert.Equal(["one", "two"], Read("one\n\n  two \r\n"));

    // Else the server would answer anyone.
    [Theory]
    [InlineData("")]
    [InlineData(" \n\n")]
    public void Read_NoKey_Throws(string text) => Assert.Throws<ArgumentException>(() => Read(text));

    [Fact]
    public void Read_NoFile_NamesIt()
        => Assert.Contains("'none.txt'", Assert.Throws<ArgumentException>(() => ApiKeyFile.Read("none.txt")).Message, StringComparison.Ordinal);

    private static IReadOnlyList<string> Read(string text)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            return ApiKeyFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
