namespace RecSys.Data;

/// <summary>A categorical field of a synthetic data set, its ids drawn from a power law.</summary>
/// <param name="Name">Name of the feature.</param>
/// <param name="Cardinality">Number of ids that are alive at any time.</param>
/// <param name="Exponent">Exponent of the power law: the id of rank r is drawn in proportion to r^−exponent.</param>
public sealed record SyntheticField(string Name, int Cardinality, double Exponent)
{
    /// <summary>Standard deviation of an id's own effect on the logit.</summary>
    /// <value>0.3.</value>
    public double Deviation { get; init; } = 0.3;

    /// <summary>Standard deviation of the coordinates of an id's latent vector.</summary>
    /// <value>0.5.</value>
    public double LatentDeviation { get; init; } = 0.5;

    /// <summary>Share of the ids replaced by new ones from the first row to the last: new ids enter as the most frequent and age.</summary>
    /// <value>0: the ids stay the same.</value>
    public double Churn { get; init; }

    /// <summary>Ids over the whole log.</summary>
    public int TotalCardinality => Cardinality + (int)(Cardinality * Churn);
}
