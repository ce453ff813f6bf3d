using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A method whose last phase can be made from a trained vector of every id: at the end of its own training, or from the vectors of any
/// run that is finished.
/// </summary>
public interface IVectorCompression
{
    /// <summary>Turns vectors into what the method serves.</summary>
    /// <param name="request">What to lay out, with the state before the first step.</param>
    /// <param name="vectors">One table of full width per field of the request, a row per id. Tables to be filled may have another precision.</param>
    /// <returns>The state of the last phase, and how its tables are filled; until then the vectors have to live.</returns>
    /// <exception cref="ArgumentException">An option of the method does not allow it.</exception>
    PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors);
}
