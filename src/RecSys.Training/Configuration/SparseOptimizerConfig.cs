using RecSys.Data.Configuration;
using RecSys.Embeddings.Optimizers;

namespace RecSys.Training.Configuration;

/// <summary>Optimiser of the embedding rows.</summary>
public sealed class SparseOptimizerConfig
{
    internal SparseOptimizerConfig(ConfigNode node)
    {
        Name = node.String("name", "row_wise_adagrad");
        BatchAwareL2 = node.Double("batch_aware_l2", 0, minimum: 0);
        var values = node.Scalars().Where(e => e.Key is not ("name" or "batch_aware_l2")).ToDictionary(e => e.Key, e => e.Value);
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

    /// <summary>λ of mini-batch aware regularisation: rows of a mini-batch have λ/n·w added to their gradient, n the training samples with their ids.</summary>
    /// <value>0 by default: none.</value>
    public double BatchAwareL2 { get; }

    /// <summary>Settings of the optimiser.</summary>
    public SparseOptimizerOptions Options { get; }

    /// <summary>Creates the optimiser.</summary>
    public SparseOptimizer Create() => SparseOptimizers.Create(Name, Options);
}
