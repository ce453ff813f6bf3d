namespace RecSys.Training;

/// <summary>
/// Measures training steps, whole and by part; evaluation, checkpoints and the first steps do not count. The parts from
/// <see cref="StepPart.Wait"/> on follow each other and add up to the step; <see cref="StepPart.Read"/> and
/// <see cref="StepPart.Plan"/> run ahead of it on the reader's thread. On a GPU a part is what the host does for it, and waiting
/// for the GPU counts to the last one.
/// </summary>
/// <remarks>One thread runs the steps; <see cref="Ahead"/> may be called from another.</remarks>
public sealed class StepClock
{
    private readonly TimeProvider _time;
    private readonly int _warmUpSteps;
    private readonly long[] _ticks = new long[Enum.GetValues<StepPart>().Length];
    private long _last;
    private long _steps;
    private long _samples;

    /// <summary>Creates a clock that runs.</summary>
    /// <param name="time">Clock.</param>
    /// <param name="warmUpSteps">Steps that are left out.</param>
    public StepClock(TimeProvider time, int warmUpSteps = 10)
    {
        _time = time;
        _warmUpSteps = warmUpSteps;
        Start();
    }

    /// <summary>Samples per second so far; NaN while warming up.</summary>
    public double SamplesPerSecond => CountedSteps > 0 ? _samples / Seconds(StepPart.Wait) : double.NaN;

    private long CountedSteps => Math.Max(0, _steps - _warmUpSteps);

    /// <summary>Restarts the clock; call after everything that is not part of a step.</summary>
    public void Start() => _last = _time.GetTimestamp();

    /// <summary>Ends a part of the current step; the time since the last call is its.</summary>
    /// <param name="part">The part.</param>
    public void Lap(StepPart part)
    {
        long now = _time.GetTimestamp();
        if (_steps >= _warmUpSteps)
            _ticks[(int)part] += now - _last;
        _last = now;
    }

    /// <summary>Ends a step, and its last part.</summary>
    /// <param name="part">The last part.</param>
    /// <param name="samples">Samples of the step.</param>
    public void Step(StepPart part, int samples)
    {
        Lap(part);
        if (_steps++ >= _warmUpSteps)
            _samples += samples;
    }

    /// <summary>Counts work that was done ahead of a step.</summary>
    /// <param name="part"><see cref="StepPart.Read"/> or <see cref="StepPart.Plan"/>.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Ahead(StepPart part, TimeSpan elapsed)
    {
        if (Volatile.Read(ref _steps) >= _warmUpSteps)
            Interlocked.Add(ref _ticks[(int)part], (long)(elapsed.TotalSeconds * _time.TimestampFrequency));
    }

    /// <summary>Mean milliseconds of every part per step; NaN while warming up.</summary>
    public IReadOnlyDictionary<StepPart, double> Milliseconds()
        => Enum.GetValues<StepPart>().ToDictionary(
            part => part, part => CountedSteps > 0 ? _time.GetElapsedTime(0, _ticks[(int)part]).TotalMilliseconds / CountedSteps : double.NaN);

    // The parts from one on.
    private double Seconds(StepPart first)
    {
        long ticks = 0;
        for (int part = (int)first; part < _ticks.Length; part++)
            ticks += _ticks[part];
        return _time.GetElapsedTime(0, ticks).TotalSeconds;
    }
}
