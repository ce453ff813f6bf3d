namespace RecSys.Cli.Bench;

/// <summary>What became of one measured training between two files of results.</summary>
/// <param name="New">The new line.</param>
/// <param name="Figure"><c>ratio</c> to PyTorch with the same settings where both lines have it, since machines differ; else <c>samples/s</c>.</param>
/// <param name="Before">Median of the old rounds.</param>
/// <param name="After">Median of the new rounds.</param>
/// <param name="Noise">Spread of the rounds, as a share of their median: the larger of both lines, at least 2 %.</param>
internal sealed record BenchChange(TrainBenchLine New, string Figure, double Before, double After, double Noise)
{
    private const double LeastNoise = 0.02;

    /// <summary>Growth as a share; negative is slower.</summary>
    public double Change => (After / Before) - 1;

    /// <summary><c>slower</c>, <c>faster</c>, or <c>same</c> within the noise.</summary>
    public string Verdict => Change < -Noise ? "slower" : Change > Noise ? "faster" : "same";

    /// <summary>Pairs lines of equal key; of several with one key the last counts.</summary>
    /// <param name="before">Old results.</param>
    /// <param name="after">New results.</param>
    public static IReadOnlyList<BenchChange> Between(IEnumerable<TrainBenchLine> before, IEnumerable<TrainBenchLine> after)
    {
        var old = Newest(before);
        return [.. Newest(after).Where(line => old.ContainsKey(line.Key)).Select(line => Create(old[line.Key], line.Value))];
    }

    private static Dictionary<(string, long, string, string, int), TrainBenchLine> Newest(IEnumerable<TrainBenchLine> lines)
        => lines.GroupBy(line => line.Key()).ToDictionary(group => group.Key, group => group.Last());

    private static BenchChange Create(TrainBenchLine before, TrainBenchLine after)
    {
        if (before.PytorchTuned is { } old && after.PytorchTuned is { } now)
            return new BenchChange(after, "ratio", old.Ratio, now.Ratio, LargerSpread(old.Ratios, old.Ratio, now.Ratios, now.Ratio));
        return new BenchChange(after, "samples/s", before.SamplesPerSecond, after.SamplesPerSecond, LargerSpread(before.Rounds, before.SamplesPerSecond, after.Rounds, after.SamplesPerSecond));
    }

    private static double LargerSpread(IReadOnlyList<double> before, double beforeMedian, IReadOnlyList<double> after, double afterMedian)
        => Math.Max(LeastNoise, Math.Max((before.Max() - before.Min()) / beforeMedian, (after.Max() - after.Min()) / afterMedian));
}
