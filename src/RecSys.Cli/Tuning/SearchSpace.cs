using System.Globalization;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Tuning;

/// <summary>Settings that are tried: for each key some values, or a range to draw from.</summary>
internal sealed class SearchSpace
{
    private const char Or = '|';
    private const string To = "..";

    private readonly IReadOnlyList<Dimension> _dimensions;

    private SearchSpace(IReadOnlyList<Dimension> dimensions) => _dimensions = dimensions;

    /// <summary>Reads <c>KEY=V1|V2|V3</c> and <c>KEY=LOW..HIGH</c>.</summary>
    /// <param name="texts">One text a key.</param>
    /// <exception cref="ConfigException">A text is neither.</exception>
    public static SearchSpace Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            throw new ConfigException("--search: is missing; valid: KEY=V1|V2|V3 or KEY=LOW..HIGH, such as dense_optimizer.learning_rate=0.0001..0.01");
        return new SearchSpace([.. texts.Select(Dimension.Parse)]);
    }

    /// <summary>Every combination of the values.</summary>
    /// <exception cref="ConfigException">There is a range.</exception>
    public IReadOnlyList<IReadOnlyList<string>> Grid()
    {
        if (_dimensions.FirstOrDefault(d => d.Values is null) is { } range)
            throw new ConfigException($"--search: {range.Key} is a range, which a grid cannot have; valid with it: --trials N");
        IEnumerable<IReadOnlyList<string>> combinations = [[]];
        foreach (var dimension in _dimensions)
            combinations = combinations.SelectMany(c => dimension.Values!.Select(value => (IReadOnlyList<string>)[.. c, $"{dimension.Key}={value}"]));
        return [.. combinations];
    }

    /// <summary>Random settings (Bergstra and Bengio, 2012): ranges above 0 by their logarithm, whole numbers where both bounds are.</summary>
    /// <param name="count">How many; those drawn twice are in it once.</param>
    /// <param name="seed">Seed.</param>
    public IReadOnlyList<IReadOnlyList<string>> Draw(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<string>)[.. _dimensions.Select(d => $"{d.Key}={d.Draw(random)}")]).DistinctBy(s => string.Join('\n', s))];
    }

    private sealed record Dimension(string Key, IReadOnlyList<string>? Values, double Low, double High, bool IsWhole)
    {
        public static Dimension Parse(string text)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == text.Length - 1)
                throw new ConfigException($"--search: '{text}' is no search; valid: KEY=V1|V2|V3 or KEY=LOW..HIGH");
            (string key, string values) = (text[..equals].Trim(), text[(equals + 1)..].Trim());
            if (values.Split(To) is not [var low, var high] || !TryParse(low, out double lowest) || !TryParse(high, out double highest))
                return new Dimension(key, [.. values.Split(Or, StringSplitOptions.TrimEntries).Distinct()], 0, 0, false);
            return lowest < highest
                ? new Dimension(key, null, lowest, highest, IsInteger(low) && IsInteger(high))
                : throw new ConfigException($"--search: {key}: {values} is empty; valid: LOW..HIGH with LOW below HIGH");
        }

        public string Draw(Random random)
        {
            if (Values is not null)
                return Values[random.Next(Values.Count)];
            double share = random.NextDouble();
            double value = Low > 0 ? Low * Math.Pow(High / Low, share) : Low + (share * (High - Low));
            return IsWhole ? Math.Round(value).ToString(CultureInfo.InvariantCulture) : value.ToString("G4", CultureInfo.InvariantCulture);
        }

        private static bool TryParse(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

        private static bool IsInteger(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
    }
}
