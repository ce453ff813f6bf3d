namespace RecSys.Data;

/// <summary>What a feature holds for each row.</summary>
public enum FeatureKind
{
    /// <summary>Exactly one id.</summary>
    Categorical,

    /// <summary>A bag of ids whose order means nothing, possibly empty.</summary>
    MultiValued,

    /// <summary>A list of ids, oldest first, possibly empty.</summary>
    Sequence,

    /// <summary>One number.</summary>
    Numeric,
}
