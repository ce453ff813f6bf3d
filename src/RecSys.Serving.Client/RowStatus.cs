namespace RecSys.Serving.Client;

/// <summary>Where the vector of an id comes from.</summary>
public enum RowStatus : byte
{
    /// <summary>The id is known, and this is its vector.</summary>
    Present,

    /// <summary>The value is not in the vocabulary: the vector is that of the unknown id 0.</summary>
    Default,

    /// <summary>The id is known, but the compression has kept nothing for it: the vector is zero.</summary>
    Filtered,
}
