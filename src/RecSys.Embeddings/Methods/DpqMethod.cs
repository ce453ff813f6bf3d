namespace RecSys.Embeddings.Methods;

/// <summary>Differentiable product quantisation: every vector is put together from centroids, which are trained with it.</summary>
/// <remarks>
/// Chen et al., "Differentiable Product Quantization for End-to-End Embedding Compression", ICML 2020, the variant with centroids (vq):
/// the gradient passes to the row unchanged, and centroids follow the rows that they stand for. The codes of all ids are computed from
/// the rows at the end, so ids that training never met have valid ones.
/// </remarks>
internal sealed class DpqMethod : ProductQuantization
{
    /// <inheritdoc/>
    public override string Name => "dpq";

    /// <inheritdoc/>
    public override string Description => "D codes of b bits per id, and per field D·2^b centroids of width d/D; trained as full tables.";

    /// <inheritdoc/>
    public override string ByteFormula => "Σ(n·D·b/8 + 4·d·2^b); the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Chen et al., ICML 2020";

    /// <inheritdoc/>
    protected override double Head => 0;

    /// <inheritdoc/>
    protected override int FewerBits => 0;
}
