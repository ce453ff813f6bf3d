using System.Collections;

namespace RecSys.Serving.Client;

/// <summary>Vectors one behind the other in one array.</summary>
/// <param name="numbers">[count × dimension].</param>
/// <param name="dimension">Numbers of a vector.</param>
/// <param name="count">Vectors.</param>
internal sealed class VectorList(float[] numbers, int dimension, int count) : IReadOnlyList<ReadOnlyMemory<float>>
{
    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public ReadOnlyMemory<float> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return numbers.AsMemory(index * dimension, dimension);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<ReadOnlyMemory<float>> GetEnumerator()
    {
        for (int i = 0; i < count; i++)
            yield return this[i];
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
