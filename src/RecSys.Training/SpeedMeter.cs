using System.Diagnostics;

namespace RecSys.Training;

/// <summary>Measures training speed over whole steps, without the first ones and without evaluation and checkpoints.</summary>
public sealed class SpeedMeter
{
    private const int WarmUpSteps = 10;
    private readonly TimeProvider _time;
    private long _started;
    private long _steps;
    private long _samples;
    private double _seconds;

    /// <summary>Creates a stopped meter.</summary>
    /// <param name="time">Clock.</param>
    public SpeedMeter(TimeProvider time) => _time = time;

    /// <summary>Samples per second so far; NaN while warming up.</summary>
    public double SamplesPerSecond => _seconds > 0 ? _samples / _seconds : double.NaN;

    /// <summary>Starts or restarts the clock; call before the first step and after every pause.</summary>
    public void Start() => _started = _time.GetTimestamp();

    /// <summary>Counts a step that ends now.</summary>
    /// <param name="samples">Its samples.</param>
    public void Step(int samples)
    {
        Debug.Assert(_started != 0, "The meter was not started.");
        long now = _time.GetTimestamp();
        if (++_steps > WarmUpSteps)
        {
            _seconds += _time.GetElapsedTime(_started, now).TotalSeconds;
            _samples += samples;
        }

        _started = now;
    }
}
