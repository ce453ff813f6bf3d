using System.Text.RegularExpressions;
using System.Xml.Linq;
using RecSys.Cli.Reports;
using RecSys.Training;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class StudyReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-report-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Write_ModelsWithOnePoint_AreComparedWithEachOther()
    {
        string text = Write(Model("fm", "a", 1, 0.7), Model("fm", "a", 2, 0.72), Model("fm", "a", 3, double.NaN), Model("lr", "a", 1, 0.6), Model("lr", "b", 1, 0.9));

        Assert.Contains("| fm    | **0.7100 ± 0.0141** |", text, StringComparison.Ordinal);
        Assert.Contains("0.6000 | **0.9000** |", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.svg"));
    }

    [Fact]
    public void Write_ModelWithSeveralPoints_IsDrawn()
    {
        string text = Write([.. Study(), Model("lr", "data", 1, 0.6)]);

        Assert.Contains("## fm on data", text, StringComparison.Ordinal);
        Assert.DoesNotContain("## lr on data", text, StringComparison.Ordinal);
        Assert.Equal(["data-fm-logloss.svg", "data-fm.svg", "report.html", "report.md"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("![test AUC against bytes](data-fm.svg)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Head_SaysWhatRanWhereAndHowLong()
    {
        string text = Write([.. Study().Select(r => r with { Machine = "a machine", Versions = "recsys 1", Seconds = 1800 }), Model("lr", "data", 1, 0.6)]);

        Assert.Contains("- 7 runs; 3 hours in all, of the 6 that recorded it.\n", text, StringComparison.Ordinal);
        Assert.Contains("- Machines: a machine (6 of 7 runs); not recorded (1 of 7 runs).\n", text, StringComparison.Ordinal);
        Assert.Contains("test split is read once", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Page_NeedsNothingElse()
    {
        Write([.. Study()]);
        string page = Page();

        Assert.DoesNotMatch("https?://", page);
        Assert.DoesNotMatch(@"\s(src|srcset)=|url\(|@import", page);
        Assert.All(Parse(page).Descendants().Attributes("href"), href => Assert.True(href.Value.StartsWith('#'), href.Value));
        Assert.Equal("en", Parse(page).Attribute("lang")?.Value);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Single(Parse(page).Descendants("meta"), meta => meta.Attribute("name")?.Value == "viewport");
    }

    [Fact]
    public void Write_PageContents_LeadToTheParts()
    {
        Write([.. Study(), .. Study().Select(r => r with { Dataset = "other" })]);
        XElement page = Parse(Page());
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];

        Assert.Equal(["fm on data", "fm on other", "All runs"], page.Descendants("nav").Descendants("a").Select(a => a.Value));
        Assert.All(page.Descendants("nav").Descendants("a"), a => Assert.Contains(a.Attribute("href")!.Value[1..], ids));
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(page.Descendants("use"), use => Assert.Contains(use.Attribute("href")!.Value[1..], ids));
    }

    [Fact]
    public void Write_PageTables_ScrollInTheirOwnBoxAndAllRunsAreClosed()
    {
        Write([.. Study()]);
        XElement page = Parse(Page());

        Assert.All(page.Descendants("table"), table => Assert.Equal("scroll", table.Parent!.Attribute("class")!.Value));
        XElement all = page.Descendants("details").Single(d => d.Element("summary")!.Value == "All runs");
        Assert.Null(all.Attribute("open"));
        Assert.NotEmpty(all.Descendants("tr"));
    }

    [Fact]
    public void Write_PagePlots_HaveTwoSizesWithANoteForEachPoint()
    {
        Write([.. Study().Select(r => r with { LookupNanoseconds = 12.34, SamplesPerSecond = 55_149 })]);
        XElement[] figures = [.. Parse(Page()).Descendants("figure")];

        Assert.Equal(["AUC: fm on data", "Logloss: fm on data", "Training speed: fm on data", "Look-up: fm on data"], figures.Select(f => f.Element("figcaption")!.Value));
        // Reading XML makes a line feed of an attribute a space.
        int notes = Regex.Count(figures[0].Attribute("data-notes")!.Value, "3 seeds");
        Assert.Equal(2, notes);
        Assert.Equal(["wide", "narrow"], figures[0].Elements("svg").Select(svg => svg.Attribute("class")!.Value.Split(' ')[0]));
        Assert.All(figures[0].Elements("svg"), svg => Assert.Equal(notes, svg.Descendants("use").Count()));
        Assert.Contains("full at 1 · 1 MB · AUC 0.8000 ± 0.0010 · logloss 0.2000 ± 0.0010 · look-up 12.3 ns · 55.1k samples/s", figures[0].Attribute("data-notes")!.Value, StringComparison.Ordinal);
        Assert.Equal(["full", "hash"], figures[0].Descendants("button").Select(button => button.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_NamesWithMarkup_AreEscaped()
    {
        Write([.. Seeds("<img src=x>&\"", "0.5", 0.7), .. Seeds("full", "1", 0.8)]);
        string page = Page();

        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains(Parse(page).Descendants("th"), cell => cell.Value == "<img src=x>&\"");
        Assert.DoesNotContain("<img", File.ReadAllText(Path.Combine(_folder, "data-fm.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_MetricsThatAreNoNumbers_AreLeftOut()
    {
        string text = Write([.. Study(), .. Seeds("unread", "0.5", double.NaN), Run("hash", "0.5", 4, double.NaN)]);

        Assert.Contains("0.7000 ± 0.0010", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TestNeverRead_HasNoPlot()
    {
        string text = Write([.. Study().Select(r => r with { Auc = double.NaN, Logloss = double.NaN })]);

        Assert.Contains("## fm on data", text, StringComparison.Ordinal);
        Assert.Contains("| 0.5 (500 kB) | hash ", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.svg"));
    }

    [Fact]
    public void Write_UnreachableBudgetOfOnePoint_IsAStudy()
    {
        string text = File.ReadAllText(StudyReport.Write(_folder, "title", "command", Seeds("pep", "412345B", 0.9), [Unreachable("pep", "0.1", 412_345)]));

        Assert.Contains("| pep    | 0.9000 ± 0.0010 (nearest: 412 kB) |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SlicesAndSharedVectors_HaveTablesInBothForms()
    {
        SliceReport slice = new("item", "head", 100, 0.5, 0.65, double.NaN, 0.5, 0.9, 1);
        string text = Write([.. Study().Select(r => r with { Slices = [slice], SharedVectors = new SharedVectors(100, 50) })]);

        Assert.Contains("### AUC by frequency of an id", text, StringComparison.Ordinal);
        Assert.Contains("### Shared vectors", text, StringComparison.Ordinal);
        XElement page = Parse(Page());
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "50.00 %");
        Assert.Contains(page.Descendants("strong"), cell => cell.Value == "0.6500");
    }

    private string Write(params RunReport[] runs) => File.ReadAllText(StudyReport.Write(_folder, "title", "command", runs, []));

    private string Page() => File.ReadAllText(Path.Combine(_folder, "report.html"));

    private static IEnumerable<RunReport> Study() => [.. Seeds("full", "1", 0.8), .. Seeds("hash", "0.5", 0.7)];

    private static RunReport Model(string model, string dataset, int seed, double auc) => Run("full", "1", seed, auc) with { Model = model, Dataset = dataset };

    // The page is XML but for its script.
    private static XElement Parse(string page)
        => XDocument.Parse(Regex.Replace(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "<script>.*</script>", "", RegexOptions.Singleline)).Root!;
}
