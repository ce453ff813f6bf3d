namespace RecSys.Embeddings.Optimizers;

/// <summary>All sparse optimisers by name. Tests, command line and documentation enumerate this list.</summary>
public static class SparseOptimizers
{
    private static readonly Entry[] s_optimizers =
    [
        new("sgd", ["learning_rate", "l2"], options => new Sgd(options)),
        new("adagrad", ["learning_rate", "l2", "epsilon", "initial_accumulator"], options => new Adagrad(options)),
        new("row_wise_adagrad", ["learning_rate", "l2", "epsilon", "initial_accumulator"], options => new RowWiseAdagrad(options)),
        new("lazy_adam", ["learning_rate", "l2", "epsilon", "beta1", "beta2"], options => new LazyAdam(options)),
        new("ftrl", ["learning_rate", "beta", "l1", "l2", "initial_accumulator"], options => new Ftrl(options)),
    ];

    /// <summary>Names of all optimisers.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_optimizers.Select(o => o.Name)];

    /// <summary>Names of the settings an optimiser uses.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static IReadOnlyList<string> OptionNames(string name) => Find(name).Options;

    /// <summary>Creates an optimiser.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">The name is unknown, a setting is out of range, or one that the optimiser does not use is set.</exception>
    public static SparseOptimizer Create(string name, SparseOptimizerOptions options)
    {
        Entry entry = Find(name);
        options.RejectUnused(name, entry.Options);
        return entry.Create(options);
    }

    private static Entry Find(string name)
        => Array.Find(s_optimizers, o => o.Name == name)
            ?? throw new ArgumentException($"Sparse optimiser '{name}' is unknown; valid are {string.Join(", ", Names)}.", nameof(name));

    private sealed record Entry(string Name, string[] Options, Func<SparseOptimizerOptions, SparseOptimizer> Create);
}
