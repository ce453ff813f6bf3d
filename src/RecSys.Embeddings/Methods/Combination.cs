using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>How the rows of an id become its vector, and how the vector's gradient becomes the rows' gradients. Immutable and thread-safe.</summary>
public abstract class Combination
{
    /// <summary>Computes the vectors of <paramref name="count"/> ids.</summary>
    /// <param name="sources">Rows, one entry per <see cref="FieldLayout.Sources"/>.</param>
    /// <param name="count">Number of ids.</param>
    /// <param name="vectors">Receives the vectors; id i writes <c>vectors[i·stride … i·stride + dimension)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ dimension.</param>
    public abstract void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride);

    /// <summary>Adds the gradients of the rows to <see cref="SourceRows.Gradients"/>, occurrence after occurrence (fixed order).</summary>
    /// <param name="sources">Rows and their gradients, one entry per <see cref="FieldLayout.Sources"/>.</param>
    /// <param name="count">Number of ids.</param>
    /// <param name="gradients">Gradients of the vectors, laid out like the vectors of <see cref="Forward"/>.</param>
    /// <param name="stride">Distance between vectors.</param>
    public abstract void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride);

    /// <summary>
    /// True when every occurrence of an id has to go through the passes by itself. Otherwise an id that is made of several rows has its
    /// vector computed once per mini-batch, and the backward pass gets the sum of the gradients of its occurrences.
    /// </summary>
    internal virtual bool IsPerOccurrence => false;

    /// <summary>What the rows of a source do to the vector when sources are taken one after the other; null when a vector needs more than that.</summary>
    /// <param name="source">Number of the source.</param>
    internal virtual RowStep? Step(int source) => null;
}
