namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Vocabulary sizes of the categorical fields of two public data sets, without any id removed.</summary>
internal static class GoldenFields
{
    public static IReadOnlyList<EmbeddingField> Criteo { get; } = Named(
        1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173, 4,
        7046547, 18, 15, 286181, 105, 142572);

    public static IReadOnlyList<EmbeddingField> Avazu { get; } = Named(
        240, 7, 7, 4737, 7745, 26, 8552, 559, 36, 2686408, 6729486, 8251, 5, 4, 2626, 8, 9, 435, 4, 68, 172, 60);

    public static IReadOnlyList<EmbeddingField> Of(string dataset) => dataset == "criteo" ? Criteo : Avazu;

    private static EmbeddingField[] Named(params long[] sizes) => [.. sizes.Select((n, i) => new EmbeddingField($"c{i + 1}", n))];
}
