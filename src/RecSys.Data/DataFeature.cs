namespace RecSys.Data;

/// <summary>A column of a prepared data set.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Field">The vocabulary of its ids; empty for numbers.</param>
/// <param name="MaxLength">Most ids a row keeps; 1 for single values, 0 for bags without a limit.</param>
public sealed record DataFeature(string Name, FeatureKind Kind, string Field, int MaxLength)
{
    /// <summary>What was done to the raw number; bucket transforms make categories.</summary>
    public TransformKind Transform { get; init; }

    /// <summary>
    /// What the transform was fitted with: minimum and maximum, mean and deviation, or the ascending upper bounds of the buckets.
    /// </summary>
    public IReadOnlyList<double> Parameters { get; init; } = [];

    /// <summary>What separates several values in raw text.</summary>
    public string Separator { get; init; } = "|";

    /// <summary>The two categorical features whose pairs of values are its values; empty for a feature with values of its own.</summary>
    public IReadOnlyList<string> Cross { get; init; } = [];

    /// <summary>True for everything but numbers.</summary>
    public bool HasIds => Kind != FeatureKind.Numeric;

    /// <summary>True where the raw value is a number, also when the feature is a category made of it.</summary>
    public bool IsRawNumber => Kind == FeatureKind.Numeric || Transform is TransformKind.LogSquaredBucket or TransformKind.QuantileBucket;
}
