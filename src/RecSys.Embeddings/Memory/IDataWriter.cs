namespace RecSys.Embeddings.Memory;

/// <summary>Takes numbers one after the other, in pieces of any size: a file of tensors, or a larger file of which they are a part.</summary>
internal interface IDataWriter
{
    /// <summary>Appends numbers.</summary>
    /// <param name="data">The numbers.</param>
    void Write<T>(ReadOnlySpan<T> data)
        where T : unmanaged;
}
