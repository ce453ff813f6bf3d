namespace RecSys.Embeddings.Tables;

/// <summary>The initial values that published code uses for full tables, by name.</summary>
public static class Initializers
{
    private static readonly Dictionary<string, Func<EmbeddingField, int, Initializer>> s_rules = new(StringComparer.Ordinal)
    {
        ["keras"] = (_, _) => Initializer.Uniform(0.05),
        ["dlrm"] = (field, _) => Initializer.Uniform(Math.Sqrt(1.0 / field.VocabularySize)),
        ["fuxi"] = (_, _) => Initializer.Normal(1e-4),
        ["xavier"] = (field, dimension) => Initializer.Uniform(Math.Sqrt(6.0 / (field.VocabularySize + dimension))),
        ["cce"] = (_, dimension) => Initializer.Uniform(1 / Math.Sqrt(dimension)),
        ["spacy"] = (_, _) => Initializer.Uniform(0.1),
    };

    /// <summary>
    /// Names: <c>keras</c> U(±0.05); <c>dlrm</c> U(±√(1/n)) (Naumov et al., 2019); <c>fuxi</c> N(0, 1e-4) (FuxiCTR, 2021);
    /// <c>xavier</c> U(±√(6/(n+d))) (Glorot and Bengio, 2010); <c>cce</c> U(±d^−½) (Tsang and Ahle, 2023); <c>spacy</c> U(±0.1),
    /// for a table of n rows of width d.
    /// </summary>
    public static IReadOnlyCollection<string> Names => s_rules.Keys;

    /// <summary>Looks a rule up.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dimension">Width d of the vectors.</param>
    /// <returns>The rule for each field's full table.</returns>
    /// <exception cref="ArgumentException">Unknown name.</exception>
    public static Func<EmbeddingField, Initializer> Get(string name, int dimension)
        => s_rules.TryGetValue(name, out var rule)
            ? field => rule(field, dimension)
            : throw new ArgumentException($"Initializer '{name}' is unknown; valid are {string.Join(", ", Names)}.", nameof(name));
}
