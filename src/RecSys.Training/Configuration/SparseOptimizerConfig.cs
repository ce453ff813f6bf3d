using RecSys.Data.Configuration;
using RecSys.Embeddings.Optimizers;

namespace RecSys.Training.Configuration;

/// <summary>Optimiser of the embedding rows.</summary>
public sealed class SparseOptimizerConfig
{
    internal SparseOptimizerConfig(ConfigNode node)
    {
        Name = node.String("name", "row_wise_adagrad");
        var values = node.Scalars().Where(e => e.Key != "name").ToDictionary(e => e.Key, e => e.Value);
        try
        {
            Options = SparseOptimizerOptions.Parse(values);
            SparseOptimizers.Create(Name, Options);
        }
        catch (ArgumentException e)
        {
            throw node.Error("", e.Message);
        }
    }

    /// <summary>Name in the registry of sparse optimisers.</summary>
    /// <value><c>row_wise_adagrad</c> by default.</value>
    public string Name { get; }

    /// <summary>Settings of the optimiser.</summary>
    public SparseOptimizerOptions Options { get; }

    /// <summary>Creates the optimiser.</summary>
    public SparseOptimizer Create() => SparseOptimizers.Create(Name, Options);
}
