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

    /// <summary>
    /// Normal numbers of which only those at least two standard deviations from 0 are kept, scaled to mean 0 and standard deviation =
    /// scale: products of several have no peak at 0 (Yin et al., "TT-Rec", MLSys 2021).
    /// </summary>
    SampledGaussian,
}
