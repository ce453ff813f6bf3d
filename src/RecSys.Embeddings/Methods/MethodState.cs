using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// What a method has decided while training, beside the numbers of its rows: the phase it is in, and arrays such as masks, codes and
/// maps. Together with configuration and vocabularies it gives the layout again. It owns the arrays.
/// They do not change, except in a phase in which ids change their rows from step to step: there the method writes them after a step.
/// </summary>
public sealed class MethodState : IDisposable
{
    /// <summary>Creates a state.</summary>
    /// <param name="phase">Index into <see cref="EmbeddingMethod.Phases"/>.</param>
    /// <param name="arrays">Arrays by name; they then belong to the state.</param>
    public MethodState(int phase, IReadOnlyDictionary<string, PackedArray>? arrays = null)
    {
        Phase = phase;
        Arrays = arrays ?? new Dictionary<string, PackedArray>();
    }

    /// <summary>The state of a run that has not begun.</summary>
    public static MethodState Start { get; } = new(phase: 0);

    /// <summary>Index into <see cref="EmbeddingMethod.Phases"/>.</summary>
    public int Phase { get; }

    /// <summary>Arrays by name.</summary>
    public IReadOnlyDictionary<string, PackedArray> Arrays { get; }

    /// <summary>An array.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Numbers it must have.</param>
    /// <exception cref="InvalidDataException">It is missing, or has another length.</exception>
    public PackedArray Array(string name, long length)
        => Arrays.TryGetValue(name, out PackedArray? array) && array.Length == length
            ? array
            : throw new InvalidDataException($"The state of the method has no array '{name}' of {length} numbers; the configuration does not belong to it.");

    /// <summary>True when both states hold the same numbers for the same phase.</summary>
    /// <param name="other">The other state.</param>
    public bool HasSameNumbers(MethodState other)
        => Phase == other.Phase
            && Arrays.Count == other.Arrays.Count
            && Arrays.All(a => other.Arrays.TryGetValue(a.Key, out PackedArray? array) && a.Value.HasSameNumbers(array));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PackedArray array in Arrays.Values)
            array.Dispose();
    }
}
