using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>What the seeds of one point measured of one metric.</summary>
internal sealed class Sample
{
    private Sample(double[] values)
    {
        Values = values;
        (Mean, Deviation) = values.Length == 0 ? (double.NaN, 0) : RunTable.Statistics(values);
    }

    /// <summary>One value a seed, those that are not numbers left out.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>Mean; not a number where no seed has a value.</summary>
    public double Mean { get; }

    /// <summary>Sample standard deviation; 0 for one value.</summary>
    public double Deviation { get; }

    /// <summary>Whether any seed has a value.</summary>
    public bool IsKnown => Values.Count > 0;

    /// <summary>Takes the values that are finite numbers.</summary>
    public static Sample Of(IEnumerable<double> values) => new([.. values.Where(double.IsFinite)]);

    /// <summary><c>0.7654 ± 0.0003</c>, <c>0.7654</c> for one value, <c>–</c> for none.</summary>
    public override string ToString() => Values.Count switch
    {
        0 => "–",
        1 => Mean.ToString("0.0000", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.0000} ± {Deviation:0.0000}"),
    };
}
