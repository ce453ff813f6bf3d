using System.Collections;
using System.Runtime.InteropServices;

namespace RecSys.Serving.Client;

/// <summary>Vectors in a few arrays, each small enough not to count as a large object, which are collected rarely and at once.</summary>
/// <param name="dimension">Numbers of a vector.</param>
/// <param name="count">Vectors.</param>
internal sealed class VectorList(int dimension, int count) : IReadOnlyList<ReadOnlyMemory<float>>
{
    private const int PartLength = 1 << 14;

    private readonly int _vectorsPerPart = Math.Max(1, PartLength / Math.Max(1, dimension));
    private readonly List<float[]> _parts = [];

    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public ReadOnlyMemory<float> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return _parts[index / _vectorsPerPart].AsMemory(index % _vectorsPerPart * dimension, dimension);
        }
    }

    /// <summary>Takes the numbers.</summary>
    /// <param name="bytes">[count × dimension] numbers.</param>
    public void Fill(ReadOnlySpan<byte> bytes)
    {
        for (int first = 0; first < count; first += _vectorsPerPart)
        {
            float[] part = GC.AllocateUninitializedArray<float>(Math.Min(_vectorsPerPart, count - first) * dimension);
            bytes[..(part.Length * sizeof(float))].CopyTo(MemoryMarshal.AsBytes(part.AsSpan()));
            bytes = bytes[(part.Length * sizeof(float))..];
            _parts.Add(part);
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
