using Spectre.Console;

namespace RecSys.Cli.Output;

/// <summary>
/// Shows progress where it belongs: a live line on a terminal, a plain line every few seconds elsewhere, JSON events when asked for.
/// Reports may come at any rate and from any thread; most are dropped.
/// </summary>
internal sealed class ProgressDisplay : IProgress<ProgressUpdate>, IDisposable
{
    /// <summary>Lines a reader can follow and a log can hold.</summary>
    public static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    /// <summary>Fast enough for the eye, and free beside a training step.</summary>
    public static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Action<ProgressUpdate> _show;
    private readonly Action<ProgressUpdate> _finish;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private ProgressUpdate? _latest;
    private bool _latestShown;
    private long _shownAt;

    private ProgressDisplay(Action<ProgressUpdate> show, Action<ProgressUpdate> finish, TimeSpan interval, TimeProvider time)
        => (_show, _finish, _interval, _time) = (show, finish, interval, time);

    /// <summary>A display for people on standard error, so that results on standard output can be piped.</summary>
    public static ProgressDisplay ForPeople() => Console.IsErrorRedirected
        ? Plain(Console.Error, TimeProvider.System)
        : Live(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }), TimeProvider.System);

    /// <summary>A line of text every few seconds.</summary>
    public static ProgressDisplay Plain(TextWriter writer, TimeProvider time)
    {
        void Show(ProgressUpdate update) => writer.WriteLine(ProgressText.Format(update));
        return new ProgressDisplay(Show, _ => { }, PlainInterval, time);
    }

    /// <summary>A <c>progress</c> event every few seconds.</summary>
    public static ProgressDisplay Json(JsonLines lines, TimeProvider time)
        => new(update => lines.Write("progress", update), _ => { }, PlainInterval, time);

    /// <summary>One line a phase that is redrawn in place and stays when the phase ends.</summary>
    public static ProgressDisplay Live(IAnsiConsole console, TimeProvider time)
    {
        var line = new LiveLine(console);
        return new ProgressDisplay(line.Show, _ => line.End(), LiveInterval, time);
    }

    /// <inheritdoc/>
    public void Report(ProgressUpdate value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            bool newPhase = _latest is null || _latest.Phase != value.Phase;
            if (newPhase)
                FinishPhase();
            _latest = value;
            _latestShown = newPhase || _time.GetElapsedTime(_shownAt) >= _interval;
            if (_latestShown)
                ShowLatest();
        }
    }

    /// <summary>Shows the newest report if it was dropped, and ends the line.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            FinishPhase();
            _latest = null;
        }
    }

    private void FinishPhase()
    {
        if (_latest is null)
            return;
        if (!_latestShown)
            ShowLatest();
        _finish(_latest);
    }

    private void ShowLatest()
    {
        _shownAt = _time.GetTimestamp();
        _show(_latest!);
    }
}
