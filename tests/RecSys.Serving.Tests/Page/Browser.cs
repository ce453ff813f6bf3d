using Microsoft.Playwright;

namespace RecSys.Serving.Tests.Page;

/// <summary>Debian's Chromium, started once for all tests of the page.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable, Args = ["--no-sandbox"] });
    }

    /// <summary>A page of its own, which fails the test on errors of scripts and on requests to other hosts.</summary>
    public async Task<IPage> OpenAsync(Uri url, ColorScheme scheme = ColorScheme.Light, List<string>? problems = null)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = 1200, Height = 1000 } });
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => problems?.Add(error);
        page.Request += (_, request) =>
        {
            var asked = new Uri(request.Url);
            if (asked.Scheme != "data" && asked.Authority != url.Authority)
                problems?.Add($"asks {asked.Authority}");
        };
        await page.GotoAsync(url.ToString());
        return page;
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
