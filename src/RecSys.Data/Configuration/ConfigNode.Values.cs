using System.Globalization;
using System.Numerics;
using RecSys.Embeddings;

namespace RecSys.Data.Configuration;

// The values of a section, checked as they are read.
public sealed partial class ConfigNode
{
    /// <summary>A text that must be there.</summary>
    /// <exception cref="ConfigException">The key is missing, a list or a section.</exception>
    public string String(string key) => OptionalString(key) ?? throw Error(key, "is missing; valid: a value for this key");

    /// <summary>A text, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">The key is a list or a section.</exception>
    public string String(string key, string fallback) => OptionalString(key) ?? fallback;

    /// <summary>A text, or null when the key is absent.</summary>
    /// <exception cref="ConfigException">The key is a list or a section.</exception>
    public string? OptionalString(string key)
        => Find(key) is not { } value ? null : value.Text ?? throw Error(key, $"is {value.Kind}; valid: a single value");

    /// <summary>One of a few names, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">Another name; the message lists the valid ones and the nearest.</exception>
    public string Choice(string key, string fallback, params string[] valid)
    {
        string text = OptionalString(key) ?? fallback;
        if (valid.Contains(text, StringComparer.Ordinal))
            return text;
        throw Error(key, $"'{text}' is not known; {NearestName.Hint(text, valid)}valid: {string.Join(", ", valid)}");
    }

    /// <summary>A whole number within bounds (both valid), or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">Not a whole number, or outside the bounds.</exception>
    public int Int32(string key, int fallback, int minimum = int.MinValue, int maximum = int.MaxValue)
        => OptionalString(key) is { } text ? Whole(key, text, minimum, maximum) : fallback;

    /// <inheritdoc cref="Int32"/>
    public long Int64(string key, long fallback, long minimum = long.MinValue, long maximum = long.MaxValue)
        => OptionalString(key) is { } text ? Whole(key, text, minimum, maximum) : fallback;

    /// <summary>A finite number within bounds (both valid), or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">Not a number, or outside the bounds.</exception>
    public double Double(string key, double fallback, double minimum = double.NegativeInfinity, double maximum = double.PositiveInfinity)
    {
        if (OptionalString(key) is not { } text)
            return fallback;
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number);
        return isNumber && number >= minimum && number <= maximum
            ? number
            : throw Error(key, $"'{text}' is {(isNumber ? "out of range" : "not a number")}; valid: {Range(minimum, maximum)}");
    }

    /// <summary><c>true</c> or <c>false</c>, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">Anything else.</exception>
    public bool Boolean(string key, bool fallback)
    {
        if (OptionalString(key) is not { } text)
            return fallback;
        return bool.TryParse(text, out bool value) ? value : throw Error(key, $"'{text}' is neither true nor false; valid: true, false");
    }

    /// <summary>The texts of a list, or a single text as a list of one; empty when the key is absent.</summary>
    /// <exception cref="ConfigException">The key is a section, or an item is not a single value.</exception>
    public IReadOnlyList<string> Strings(string key) => Find(key) switch
    {
        null => [],
        { Text: { } text } => [text],
        { Items: { } items } => [.. items.Select(item => item.Text ?? throw Error(key, $"holds {item.Kind}; valid: a list of single values"))],
        { } other => throw Error(key, $"is {other.Kind}; valid: a list of single values"),
    };

    /// <summary>The whole numbers of a list, or a single one as a list of one; <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ConfigException">The key is a section, or an item is not a whole number.</exception>
    public IReadOnlyList<int> Int32List(string key, IReadOnlyList<int> fallback)
        => Has(key) ? [.. Strings(key).Select(text => Whole(key, text, int.MinValue, int.MaxValue))] : fallback;

    /// <summary>All single values of this section by key, for sections whose keys somebody else checks.</summary>
    public IReadOnlyDictionary<string, string> Scalars()
    {
        var scalars = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in Keys)
        {
            if (_value.Entries![key].Text is { } text)
            {
                scalars.Add(key, text);
                _asked.Add(key);
            }
        }

        return scalars;
    }

    private T Whole<T>(string key, string text, T minimum, T maximum)
        where T : IBinaryInteger<T>
    {
        bool isWhole = BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger number);
        if (isWhole && number >= BigInteger.CreateChecked(minimum) && number <= BigInteger.CreateChecked(maximum))
            return T.CreateChecked(number);
        throw Error(key, $"'{text}' is {(isWhole ? "out of range" : "not a whole number")}; valid: {minimum} … {maximum}");
    }

    private static string Range(double minimum, double maximum) => (double.IsFinite(minimum), double.IsFinite(maximum)) switch
    {
        (true, true) => FormattableString.Invariant($"{minimum} … {maximum}"),
        (true, false) => FormattableString.Invariant($"a number, at least {minimum}"),
        (false, true) => FormattableString.Invariant($"a number, at most {maximum}"),
        _ => "a number",
    };
}
