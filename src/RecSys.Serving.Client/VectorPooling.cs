namespace RecSys.Serving.Client;

/// <summary>What becomes of the vectors of a bag.</summary>
public enum VectorPooling
{
    /// <summary>Each id keeps its own.</summary>
    None,

    /// <summary>They are added.</summary>
    Sum,

    /// <summary>Their mean is taken; an empty bag gives zeros.</summary>
    Mean,
}
