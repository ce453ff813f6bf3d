using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Embeddings.Methods;

namespace RecSys.Cli.Tests.Reports;

public sealed class MethodTableTests
{
    private static readonly MethodSummary[] s_methods = [.. EmbeddingMethods.All.Select(MethodSummary.Of)];

    [Fact]
    public void Render_Methods_HaveOneRowEach()
    {
        string[] rows = MethodTable.Render(s_methods).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2 + EmbeddingMethods.All.Count, rows.Length);
        string qr = rows.Single(row => row.StartsWith("| `qr`", StringComparison.Ordinal));
        Assert.Contains("`combine: mult, add, concat`, `collisions`", qr, StringComparison.Ordinal);
        Assert.Contains("| prune, fine_tune |", MethodTable.Render([MethodSummary.Of(EmbeddingMethods.Get("deeplight"))]), StringComparison.Ordinal);
    }

    [Fact]
    public void Splice_NoMarks_NamesThem()
        => Assert.Contains("<!-- report methods -->", Assert.Throws<DataException>(() => MethodTable.Splice("text\n", s_methods)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/RecSys.Embeddings/README.md")]
    public void Documents_ShowTheRegistry(string path)
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, path));

        // To mend it: ./recsys methods --into README.md --into src/RecSys.Embeddings/README.md
        Assert.Equal(MethodTable.Splice(document, s_methods), document);
    }
}
