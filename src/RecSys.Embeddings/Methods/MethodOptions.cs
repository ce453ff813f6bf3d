using System.Globalization;

namespace RecSys.Embeddings.Methods;

/// <summary>Options of a method as written in the configuration: name → value.</summary>
public sealed class MethodOptions
{
    private readonly IReadOnlyDictionary<string, string> _values;

    /// <summary>Creates options.</summary>
    /// <param name="values">Names and values.</param>
    public MethodOptions(IReadOnlyDictionary<string, string>? values = null)
        => _values = values ?? new Dictionary<string, string>();

    /// <summary>No options: every default.</summary>
    public static MethodOptions Empty { get; } = new();

    /// <summary>Told of every option that is asked for: its name and its default, or its valid words.</summary>
    internal Action<string, string>? Asked { get; init; }

    /// <summary>Names that are set.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>A whole number.</summary>
    /// <param name="name">Option.</param>
    /// <param name="fallback">Value when not set.</param>
    /// <param name="minimum">Smallest valid value.</param>
    /// <param name="maximum">Largest valid value.</param>
    /// <exception cref="ArgumentException">Not a whole number from <paramref name="minimum"/> to <paramref name="maximum"/>.</exception>
    public int GetInt32(string name, int fallback, int minimum = 1, int maximum = int.MaxValue)
    {
        Asked?.Invoke(name, fallback.ToString(CultureInfo.InvariantCulture));
        if (!_values.TryGetValue(name, out string? text))
            return fallback;
        if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum)
            return value;
        string valid = maximum == int.MaxValue ? $"≥ {minimum}" : $"from {minimum} to {maximum}";
        throw new ArgumentException($"Method option '{name}' is '{text}'; it must be a whole number {valid}.");
    }

    /// <summary>A share of a whole.</summary>
    /// <param name="name">Option.</param>
    /// <param name="fallback">Value when not set.</param>
    /// <exception cref="ArgumentException">Not a number above 0 and below 1.</exception>
    public double GetFraction(string name, double fallback)
    {
        Asked?.Invoke(name, fallback.ToString(CultureInfo.InvariantCulture));
        if (!_values.TryGetValue(name, out string? text))
            return fallback;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !(value > 0 && value < 1))
            throw new ArgumentException($"Method option '{name}' is '{text}'; it must be a number above 0 and below 1.");
        return value;
    }

    /// <summary>One of several words.</summary>
    /// <param name="name">Option.</param>
    /// <param name="choices">Valid words; the first is the default.</param>
    /// <exception cref="ArgumentException">Another word.</exception>
    public string GetChoice(string name, params ReadOnlySpan<string> choices)
    {
        Asked?.Invoke(name, string.Join(", ", choices));
        if (!_values.TryGetValue(name, out string? text))
            return choices[0];
        if (!choices.Contains(text))
            throw new ArgumentException($"Method option '{name}' is '{text}'; valid are {string.Join(", ", choices.ToArray())}.");
        return text;
    }

    /// <summary>The options as written: <c>combine: add, collisions: 4</c>.</summary>
    public override string ToString() => string.Join(", ", _values.Select(v => $"{v.Key}: {v.Value}"));
}
