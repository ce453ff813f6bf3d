namespace RecSys.Embeddings.Methods;

/// <summary>All methods by name. Tests, command line and documentation enumerate this list.</summary>
public static class EmbeddingMethods
{
    /// <summary>Every method, in the order of the documentation.</summary>
    public static IReadOnlyList<EmbeddingMethod> All { get; } =
    [
        new FullMethod(),
        new LowDimensionMethod(),
        new MixedDimensionMethod(),
        new NestedMethod(),
        new AutoDimMethod(),
        new HashMethod(),
        new AdaptMethod(),
        new DoubleHashMethod(),
        new BloomMethod(),
        new HashEmbeddingMethod(),
        new SpacyMethod(),
        new QrMethod(),
        new PathMethod(),
        new MemcomMethod(),
        new UnifiedMethod(),
        new RobeMethod(),
        new HashedNetsMethod(),
        new TensorTrainMethod(),
        new DeepHashMethod(),
        new CceMethod(),
        new CafeMethod(),
        new GrowingMethod(),
        new DedupMethod(),
        new DpqMethod(),
        new MgqeMethod(),
        new DeepLightMethod(),
        new PepMethod(),
        new AutoSrhMethod(),
        new OptEmbedMethod(),
    ];

    /// <summary>Those that can be made from the vectors of a run that is finished.</summary>
    public static IReadOnlyList<EmbeddingMethod> AfterTraining { get; } = [.. All.Where(m => m is IVectorCompression)];

    /// <summary>The method of a name.</summary>
    /// <param name="name">Name as written in the configuration.</param>
    /// <exception cref="ArgumentException">No such method; the message lists the valid names and the nearest one.</exception>
    public static EmbeddingMethod Get(string name)
    {
        foreach (EmbeddingMethod method in All)
        {
            if (string.Equals(method.Name, name, StringComparison.Ordinal))
                return method;
        }

        string[] names = [.. All.Select(m => m.Name)];
        throw new ArgumentException($"There is no embedding method '{name}'; {NearestName.Hint(name, names)}valid: {string.Join(", ", names)}.", nameof(name));
    }
}
