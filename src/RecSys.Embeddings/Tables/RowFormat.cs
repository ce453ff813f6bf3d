namespace RecSys.Embeddings.Tables;

/// <summary>What one number of a row is kept as.</summary>
public enum RowFormat
{
    /// <summary>32 bits, IEEE.</summary>
    Fp32,

    /// <summary>16 bits, IEEE: 11 significant bits, up to ±65504.</summary>
    Fp16,

    /// <summary>The upper 16 bits of an fp32: 8 significant bits.</summary>
    Bf16,

    /// <summary>A code of 8 bits.</summary>
    Int8,

    /// <summary>A code of 4 bits.</summary>
    Int4,

    /// <summary>A code of 2 bits.</summary>
    Int2,
}
