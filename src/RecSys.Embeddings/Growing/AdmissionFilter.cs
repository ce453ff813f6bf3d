using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

/// <summary>Decides which ids without a row get one, and remembers those that wait. Not thread-safe.</summary>
internal abstract class AdmissionFilter : IDisposable
{
    /// <summary>Ids whose counts were dropped to make room for others.</summary>
    public long ForgottenCount { get; protected set; }

    /// <summary>Asks for the memory that <see cref="Admits"/> will use.</summary>
    public virtual void Prefetch(long id)
    {
    }

    /// <summary>Takes note of an occurrence of an id without a row.</summary>
    /// <param name="id">The id.</param>
    /// <param name="step">Number of the step.</param>
    /// <returns>Whether the id may have a row now.</returns>
    public abstract bool Admits(long id, int step);

    /// <summary>Stops remembering an id: it has a row.</summary>
    public virtual void Forget(long id)
    {
    }

    /// <summary>Declares the filter's tensors.</summary>
    public virtual void Declare(SafetensorsWriter writer)
    {
    }

    /// <summary>Writes what <see cref="Declare"/> declared.</summary>
    public virtual void Write(IDataWriter writer)
    {
    }

    /// <summary>Reads what <see cref="Write"/> wrote in the place of what is there.</summary>
    /// <exception cref="InvalidDataException">The data do not fit; the message names the file.</exception>
    public virtual void Read(IDataReader reader)
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
