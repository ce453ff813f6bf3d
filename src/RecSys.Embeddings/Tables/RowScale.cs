namespace RecSys.Embeddings.Tables;

/// <summary>Where the scale of integer codes comes from.</summary>
public enum RowScale
{
    /// <summary>A scale and an offset per row (fp16 each) from its smallest and largest number, anew whenever the row is written.</summary>
    Row,

    /// <summary>One step for the whole table; numbers beyond the codes are cut off. Nothing is kept per row.</summary>
    Fixed,

    /// <summary>A step per row (fp32) that is trained (ALPT; Li et al., "Adaptive Low-Precision Training for Embeddings in Click-Through Rate Prediction", AAAI 2023).</summary>
    Learned,
}
