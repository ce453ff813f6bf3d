using RecSys.Cli.Reports;
using RecSys.Data;

namespace RecSys.Cli.Tests.Reports;

public sealed class MarkdownSpliceTests
{
    [Fact]
    public void Replace_Marks_KeepsEverythingElse()
        => Assert.Equal(
            "a\n<!-- report x -->\nnew\n<!-- end report -->\nb\n<!-- report y -->\nold\n<!-- end report -->\n",
            MarkdownSplice.Replace("a\n<!-- report x -->\nold\n\n<!-- end report -->\nb\n<!-- report y -->\nold\n<!-- end report -->\n", "x", "new\n"));

    [Theory]
    [InlineData("nothing")]
    [InlineData("<!-- report x -->\nno end")]
    public void Replace_MissingMark_NamesIt(string document)
        => Assert.Contains("<!-- report x -->", Assert.Throws<DataException>(() => MarkdownSplice.Replace(document, "x", "")).Message, StringComparison.Ordinal);
}
