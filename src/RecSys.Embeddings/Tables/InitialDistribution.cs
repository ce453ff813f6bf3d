namespace RecSys.Embeddings.Tables;

/// <summary>Shape of the distribution of initial values.</summary>
public enum InitialDistribution
{
    /// <summary>Every value equals the scale.</summary>
    Constant,

    /// <summary>Uniform in (−scale, scale).</summary>
    Uniform,

    /// <summary>Normal, mean 0, standard deviation = scale.</summary>
    Normal,
}
