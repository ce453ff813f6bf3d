using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>Hot rows for serving: the keys in rising order, the row of a key is its place among them.</summary>
/// <param name="keys">Distinct keys; behind them numbers above all keys may follow.</param>
internal sealed class HotMap(PackedArray keys) : HotRows
{
    /// <inheritdoc/>
    public override long Row(long key)
    {
        long low = 0;
        for (long high = keys.Length - 1; low < high;)
        {
            long middle = (low + high) / 2;
            if (keys[middle] < key)
                low = middle + 1;
            else
                high = middle;
        }

        return low < keys.Length && keys[low] == key ? low : -1;
    }
}
