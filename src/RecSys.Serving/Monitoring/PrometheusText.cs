using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RecSys.Serving.Monitoring;

/// <summary>Keeps the measurements of a meter and writes them in the text format of Prometheus.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>Content type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly double[] s_bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly MeterListener _listener;
    private readonly ConcurrentDictionary<Instrument, ConcurrentDictionary<string, Series>> _series = [];

    /// <summary>Listens to a meter that exists already.</summary>
    /// <param name="meter">The meter.</param>
    public PrometheusText(Meter meter)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Writes all measurements.</summary>
    public string Write()
    {
        foreach (var observed in _series.Where(s => s.Key.IsObservable))
            observed.Value.Clear();
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach ((var instrument, var all) in _series.OrderBy(s => s.Key.Name, StringComparer.Ordinal))
        {
            bool isHistogram = instrument is Histogram<double>;
            text.Append(CultureInfo.InvariantCulture, $"# HELP {instrument.Name} {instrument.Description}\n");
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {instrument.Name} {(isHistogram ? "histogram" : instrument is ObservableGauge<long> or ObservableGauge<double> ? "gauge" : "counter")}\n");
            foreach ((string labels, var series) in all.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                if (isHistogram)
                    WriteHistogram(text, instrument.Name, labels, series);
                else
                    text.Append(CultureInfo.InvariantCulture, $"{instrument.Name}{Braces(labels)} {series.Sum:R}\n");
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = _series.GetOrAdd(instrument, static _ => []);
        all.GetOrAdd(Labels(tags), static _ => new Series()).Add(value, instrument is Histogram<double>);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string name, object? value) in tags)
        {
            string escaped = string.Create(CultureInfo.InvariantCulture, $"{value}").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? "," : "")}{name}=\"{escaped}\"");
        }

        return text.ToString();
    }

    private static string Braces(string labels) => labels.Length == 0 ? "" : $"{{{labels}}}";

    private static void WriteHistogram(StringBuilder text, string name, string labels, Series series)
    {
        (long[] counts, double sum) = series.Read();
        string comma = labels.Length == 0 ? "" : ",";
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            string bound = i < s_bounds.Length ? s_bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {total}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{Braces(labels)} {sum:R}\n{name}_count{Braces(labels)} {total}\n");
    }

    private sealed class Series
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[s_bounds.Length + 1];
        private double _sum;

        public double Sum
        {
            get
            {
                lock (_lock)
                    return _sum;
            }
        }

        public void Add(double value, bool isHistogram)
        {
            lock (_lock)
            {
                _sum += value;
                if (isHistogram)
                    _counts[Bucket(value)]++;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (_lock)
                return ([.. _counts], _sum);
        }

        // A bound belongs to its bucket.
        private static int Bucket(double value)
        {
            int place = Array.BinarySearch(s_bounds, value);
            return place < 0 ? ~place : place;
        }
    }
}
