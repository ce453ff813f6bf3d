namespace RecSys.Embeddings.Memory;

/// <summary>Gives back what an <see cref="IDataWriter"/> has taken, in the same order.</summary>
internal interface IDataReader
{
    /// <summary>Says what is read next, to a reader that knows its parts by name.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="type">Type of its elements.</param>
    /// <param name="shape">Its sizes.</param>
    /// <exception cref="InvalidDataException">There is no such tensor; the message names the file.</exception>
    void Expect(string name, string type, params ReadOnlySpan<long> shape);

    /// <summary>Fills a span.</summary>
    /// <param name="data">Receives numbers, at most as many as the tensor still has.</param>
    /// <exception cref="InvalidDataException">There are not so many; the message names the file.</exception>
    void Read<T>(Span<T> data)
        where T : unmanaged;

    /// <summary>An error that names the file.</summary>
    /// <param name="what">What is wrong with it.</param>
    InvalidDataException Damaged(string what);
}
