using System.Globalization;

namespace RecSys.Embeddings.Optimizers;

/// <summary>Settings of the sparse optimisers. A setting that an optimiser does not use has to stay at its default.</summary>
public sealed record SparseOptimizerOptions
{
    private static readonly Setting[] s_settings =
    [
        new("learning_rate", o => o.LearningRate, (o, v) => o with { LearningRate = v }, v => v > 0, "above 0"),
        new("l2", o => o.L2, (o, v) => o with { L2 = v }, v => v >= 0, "at least 0"),
        new("l1", o => o.L1, (o, v) => o with { L1 = v }, v => v >= 0, "at least 0"),
        new("epsilon", o => o.Epsilon, (o, v) => o with { Epsilon = v }, v => v > 0, "above 0"),
        new("initial_accumulator", o => o.InitialAccumulator, (o, v) => o with { InitialAccumulator = v }, v => v >= 0, "at least 0"),
        new("beta1", o => o.Beta1, (o, v) => o with { Beta1 = v }, v => v is >= 0 and < 1, "at least 0 and below 1"),
        new("beta2", o => o.Beta2, (o, v) => o with { Beta2 = v }, v => v is >= 0 and < 1, "at least 0 and below 1"),
        new("beta", o => o.Beta, (o, v) => o with { Beta = v }, v => v >= 0, "at least 0"),
    ];

    /// <summary>Step size; α of FTRL.</summary>
    /// <value>0.05 by default; above 0.</value>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>λ of the lazy L2 penalty; λ₂ of FTRL.</summary>
    /// <value>0 by default; at least 0.</value>
    public double L2 { get; init; }

    /// <summary>λ₁ of FTRL.</summary>
    /// <value>0 by default; at least 0.</value>
    public double L1 { get; init; }

    /// <summary>Added to the denominator of Adagrad and Adam.</summary>
    /// <value>1e-8 by default; above 0.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>First value of the accumulators of Adagrad and FTRL.</summary>
    /// <value>0 by default; at least 0.</value>
    public double InitialAccumulator { get; init; }

    /// <summary>Decay of the first moment of Adam.</summary>
    /// <value>0.9 by default; at least 0, below 1.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment of Adam.</summary>
    /// <value>0.999 by default; at least 0, below 1.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>β of FTRL.</summary>
    /// <value>1 by default; at least 0.</value>
    public double Beta { get; init; } = 1;

    /// <summary>Names of all settings, in snake case.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_settings.Select(s => s.Name)];

    /// <summary>Reads settings by their names in snake case.</summary>
    /// <param name="values">Names and values.</param>
    /// <exception cref="ArgumentException">An unknown name, a value that is no number, or one out of range.</exception>
    public static SparseOptimizerOptions Parse(IReadOnlyDictionary<string, string> values)
    {
        var options = new SparseOptimizerOptions();
        foreach ((string name, string text) in values)
        {
            Setting setting = Array.Find(s_settings, s => s.Name == name)
                ?? throw new ArgumentException($"The sparse optimiser has no option '{name}'; valid are {string.Join(", ", Names)}.", nameof(values));
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                throw new ArgumentException($"Option '{name}' of the sparse optimiser is '{text}'; it must be a number {setting.Range}.", nameof(values));
            options = setting.With(options, value);
        }

        options.Validate();
        return options;
    }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and what is valid.</exception>
    public void Validate()
    {
        foreach (Setting setting in s_settings)
        {
            double value = setting.Get(this);
            if (!double.IsFinite(value) || !setting.IsValid(value))
                throw new ArgumentException(FormattableString.Invariant($"Option '{setting.Name}' of the sparse optimiser is {value}; it must be {setting.Range}."));
        }
    }

    /// <summary>Fails when a setting that an optimiser does not use is not at its default.</summary>
    internal void RejectUnused(string optimizer, ReadOnlySpan<string> used)
    {
        var defaults = new SparseOptimizerOptions();
        foreach (Setting setting in s_settings)
        {
            if (!used.Contains(setting.Name) && setting.Get(this) != setting.Get(defaults))
                throw new ArgumentException($"Sparse optimiser '{optimizer}' has no option '{setting.Name}'; valid are {string.Join(", ", used.ToArray())}.");
        }
    }

    private sealed record Setting(
        string Name,
        Func<SparseOptimizerOptions, double> Get,
        Func<SparseOptimizerOptions, double, SparseOptimizerOptions> With,
        Func<double, bool> IsValid,
        string Range);
}
