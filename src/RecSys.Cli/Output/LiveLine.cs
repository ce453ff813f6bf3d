using Spectre.Console;
using Spectre.Console.Rendering;

namespace RecSys.Cli.Output;

/// <summary>A line on a terminal that is redrawn in place until it ends. Calls must not overlap.</summary>
internal sealed class LiveLine(IAnsiConsole console)
{
    private const int BarWidth = 24;

    private TaskCompletionSource? _end;
    private Task? _display;
    private LiveDisplayContext? _context;

    /// <summary>Draws the line, and starts it when none is open.</summary>
    public void Show(ProgressUpdate update)
    {
        IRenderable line = Draw(update);
        if (_context is null)
        {
            _end = new TaskCompletionSource();
            // The body runs up to its first await before StartAsync returns, so the context is there afterwards.
            _display = console.Live(line).StartAsync(context =>
            {
                _context = context;
                return _end.Task;
            });
        }

        _context!.UpdateTarget(line);
        _context.Refresh();
    }

    /// <summary>Leaves the line as it was drawn last; the next one starts below it.</summary>
    public void End()
    {
        if (_context is null)
            return;
        _end!.SetResult();
        _display!.GetAwaiter().GetResult();
        _context = null;
    }

    private Paragraph Draw(ProgressUpdate update)
    {
        string bar = ProgressText.Bar(update, BarWidth);
        string text = bar.Length == 0 ? ProgressText.Format(update) : "  " + ProgressText.Format(update);
        // A line that wraps could not be redrawn in place.
        int room = Math.Max(1, console.Profile.Width - 1 - bar.Length);
        return new Paragraph(bar, new Style(Color.Green)).Append(text.Length <= room ? text : text[..(room - 1)] + '…');
    }
}
