namespace RecSys.Cli.Bench;

/// <summary>A way to train the model in PyTorch.</summary>
/// <param name="Optimizer">Optimiser of the rows: that of the job under its own name, <c>sparse_adam</c> or <c>dense_adam</c>.</param>
/// <param name="Settings">Settings of the native libraries.</param>
internal sealed record TwinVariant(string Optimizer, TwinSettings Settings)
{
    /// <summary>Adam over whole tables: what PyTorch does unless told otherwise.</summary>
    public const string DenseAdam = "dense_adam";

    /// <summary>Adam over the rows of a batch.</summary>
    public const string SparseAdam = "sparse_adam";
}
