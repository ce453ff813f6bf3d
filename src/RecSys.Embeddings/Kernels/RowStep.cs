namespace RecSys.Embeddings.Kernels;

/// <summary>What a row that is read from a table does to its place in a vector.</summary>
internal enum RowStep
{
    /// <summary>It is written there.</summary>
    Place,

    /// <summary>It is added to what is there.</summary>
    Add,

    /// <summary>It is multiplied with what is there, element by element.</summary>
    Multiply,
}
