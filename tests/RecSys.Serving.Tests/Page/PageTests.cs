using System.Globalization;
using Microsoft.Playwright;
using RecSys.Training.Checkpoints;
using static Microsoft.Playwright.Assertions;

namespace RecSys.Serving.Tests.Page;

public sealed class PageTests(TrainedRuns runs, Browser browser) : IClassFixture<TrainedRuns>, IClassFixture<Browser>
{
    private readonly List<string> _problems = [];

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Lookup_OfAValue_ShowsItsVectorAndNeighbors(ColorScheme scheme)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var page = await browser.OpenAsync(server.Url, scheme, _problems);
        string value = runs.Data.Open().Vocabulary("item").ValueOf(17)!;

        await page.GetByLabel("Feature").SelectOptionAsync("item");
        await page.GetByLabel("Value or id").FillAsync(value);
        await page.GetByRole(AriaRole.Button, new() { Name = "Look up" }).ClickAsync();

        await Expect(page.Locator("#lookup-result")).ToContainTextAsync($"present, version {runs.Best}");
        await Expect(page.Locator("#lookup-result .vector span")).ToHaveCountAsync(4);
        await Expect(page.Locator("#lookup-result tbody tr")).ToHaveCountAsync(10);
        await Expect(page.Locator("#tables tbody tr")).Not.ToHaveCountAsync(0);
        await Expect(page.Locator("#state")).ToHaveTextAsync($"version {runs.Best} serves");
        string background = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(scheme == ColorScheme.Light ? "rgb(255, 255, 255)" : "rgb(20, 24, 28)", background);
        Assert.NotEqual("rgba(0, 0, 0, 0)", await page.Locator("#lookup-result .negative").First.EvaluateAsync<string>("bar => getComputedStyle(bar).backgroundColor"));
        await page.ScreenshotAsync(new() { Path = Screenshot($"page-{scheme}"), FullPage = true });
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Lookup_OfWhatThereIsNot_SaysSo()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var page = await browser.OpenAsync(server.Url, problems: _problems);
        await page.GetByLabel("Feature").SelectOptionAsync("item");

        await page.GetByLabel("Value or id").FillAsync("none");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look up" }).ClickAsync();
        await Expect(page.Locator("#lookup-result")).ToContainTextAsync("default");

        await page.Locator("#by").SelectOptionAsync("id");
        await page.GetByLabel("Value or id").FillAsync("201");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look up" }).ClickAsync();
        await Expect(page.Locator("#lookup-result").GetByRole(AriaRole.Alert)).ToContainTextAsync("201 is out of range; valid: 0 … 200");
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Score_OfAUserAndAnItem_IsThatOfTheServer()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var page = await browser.OpenAsync(server.Url, problems: _problems);
        var vocabulary = runs.Data.Open().Vocabulary("item");
        var features = new Dictionary<string, object?> { ["item"] = vocabulary.ValueOf(3), ["item_history"] = new[] { vocabulary.ValueOf(5), vocabulary.ValueOf(7) } };
        var expected = await server.Client.ScoreAsync(new RecSys.Serving.Client.ScoreRequest { Features = features });

        await page.GetByLabel("item", new() { Exact = true }).FillAsync(vocabulary.ValueOf(3)!);
        await page.GetByLabel("item_history, by commas").FillAsync($"{vocabulary.ValueOf(5)}, {vocabulary.ValueOf(7)}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Score" }).ClickAsync();

        await Expect(page.Locator("#score-result")).ToContainTextAsync((100 * expected.Scores[0]).ToString("0.00", CultureInfo.InvariantCulture) + " % click probability");
        await Expect(page.Locator("#samples")).ToHaveTextAsync("2");
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Versions_FormerOneChosen_ServesAndStays()
    {
        string run = runs.Copy();
        await using var server = await TestServer.StartAsync(run);
        long other = runs.Steps.First(s => s != runs.Best);
        await server.PostAsync("/v2/repository/models/tiny/load", $$"""{"parameters": {"version": "{{other}}"} }""");
        await server.PostAsync("/v2/repository/models/tiny/load", "");
        var page = await browser.OpenAsync(server.Url, problems: _problems);
        var rows = page.Locator("#versions tbody tr");
        await Expect(rows).ToHaveCountAsync(2);

        await page.GetByRole(AriaRole.Button, new() { Name = $"Serve {other}" }).ClickAsync();
        await Expect(rows.Filter(new() { HasText = "serves, stays" })).ToContainTextAsync(other.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(other.ToString(CultureInfo.InvariantCulture), (await server.GetAsync("/v1/models"))[0].GetProperty("current_version").GetString());

        await page.GetByRole(AriaRole.Button, new() { Name = "Follow the newest checkpoint" }).ClickAsync();
        await Expect(rows.Filter(new() { HasText = "serves" })).ToContainTextAsync(runs.Best.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(new CheckpointStore(run).ReadCurrent()!.ToServe, runs.Best);
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Key_Missing_IsAskedFor()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ApiKeys = ["right"] });
        var page = await browser.OpenAsync(server.Url, problems: _problems);

        await Expect(page.Locator("#state")).ToContainTextAsync("The request carries no valid key");
        await page.GetByLabel("API key").FillAsync("right");
        await page.GetByLabel("API key").PressAsync("Enter");

        await Expect(page.Locator("#state")).ToHaveTextAsync($"version {runs.Best} serves");
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task Server_Gone_IsSaid()
    {
        var server = await TestServer.StartAsync(runs.Folder);
        var page = await browser.OpenAsync(server.Url, problems: _problems);
        await Expect(page.Locator("#state")).ToContainTextAsync("serves");

        await server.DisposeAsync();

        await Expect(page.Locator("#state").GetByRole(AriaRole.Alert)).ToBeVisibleAsync(new() { Timeout = 10_000 });
    }

    [Fact]
    public async Task Link_ToTheDocument_OpensItWithoutAKey()
    {
        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { ApiKeys = ["right"] });
        var page = await browser.OpenAsync(server.Url, problems: _problems);

        await page.GetByRole(AriaRole.Link, new() { Name = "OpenAPI" }).ClickAsync();

        await Expect(page.Locator("body")).ToContainTextAsync("\"openapi\": \"3.1.0\"");
        Assert.Empty(_problems);
    }

    // From the address bar on, without a mouse.
    [Fact]
    public async Task Keyboard_Alone_IsEnough()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var page = await browser.OpenAsync(server.Url, problems: _problems);
        await Expect(page.Locator("#state")).ToContainTextAsync("serves");

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to look-up" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByLabel("Feature")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("item");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("id");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("17");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("#lookup-result tbody tr")).ToHaveCountAsync(10);
        Assert.Empty(_problems);
    }

    private static string Screenshot(string name)
        => System.IO.Path.Combine(Directory.CreateDirectory(System.IO.Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName, name + ".png");
}
