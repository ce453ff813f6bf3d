namespace RecSys.Embeddings.Methods;

/// <summary>Which of many keys have a row of their own.</summary>
internal abstract class HotRows
{
    /// <summary>The row of a key, or −1.</summary>
    /// <param name="key">Number of an id over all fields.</param>
    public abstract long Row(long key);
}
