using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class MarkdownTableTests
{
    [Fact]
    public void ToString_Columns_AreAligned()
    {
        var table = new MarkdownTable("method", "AUC:", "bytes:");
        table.Add("full", "0.7812", "1.6 MB");
        table.Add("double_hash", "0.77", "158 kB");

        Assert.Equal(
            """
            | method      |    AUC |  bytes |
            | ----------- | -----: | -----: |
            | full        | 0.7812 | 1.6 MB |
            | double_hash |   0.77 | 158 kB |

            """,
            table.ToString());
    }

    [Fact]
    public void ToString_NoRowsShortHeader_HasThreeDashes() => Assert.Equal("| a   |\n| --- |\n", new MarkdownTable("a").ToString());

    [Fact]
    public void ToString_PipeOrLineBreakInCell_StaysOneCell()
    {
        var table = new MarkdownTable("a");
        table.Add("x|y\nz");

        Assert.EndsWith("| x\\|y z |\n", table.ToString(), StringComparison.Ordinal);
        Assert.Equal("x|y z", table.Rows[0][0]);
    }

    [Fact]
    public void Add_WrongNumberOfCells_Throws() => Assert.Throws<ArgumentException>(() => new MarkdownTable("a", "b").Add("1"));
}
