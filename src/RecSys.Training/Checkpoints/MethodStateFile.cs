using System.Globalization;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;

namespace RecSys.Training.Checkpoints;

/// <summary>
/// What methods and model have decided, in one safetensors file: a tensor of 64-bit words per array, named <c>group/array</c>, and in the
/// metadata the phase of each group and the numbers and bits of each array.
/// </summary>
internal static class MethodStateFile
{
    private const string Name = "method_state.safetensors";
    private const string PhaseKey = ":phase";
    private const char Separator = '/';

    /// <summary>Writes states.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="states">States by name; see <see cref="CtrNetwork.States"/>.</param>
    public static void Write(string folder, IReadOnlyDictionary<string, MethodState> states)
    {
        var metadata = states.ToDictionary(s => s.Key + PhaseKey, s => s.Value.Phase.ToString(CultureInfo.InvariantCulture));
        var arrays = states.SelectMany(s => s.Value.Arrays.Select(a => (Name: $"{s.Key}{Separator}{a.Key}", Array: a.Value))).ToList();
        foreach (var (name, array) in arrays)
            metadata.Add(name, FormattableString.Invariant($"{array.Length} x {array.Bits}"));
        using var writer = new SafetensorsWriter(Path.Combine(folder, Name));
        foreach ((string name, string text) in metadata)
            writer.AddMetadata(name, text);
        foreach (var (name, array) in arrays)
            writer.Declare(name, "I64", array.Words.Length);
        foreach (var (_, array) in arrays)
            writer.Write<long>(MemoryMarshal.Cast<ulong, long>(array.Words.Span(0, checked((int)array.Words.Length))));
        writer.Complete();
    }

    /// <summary>Reads states by name.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <exception cref="InvalidDataException">The file is not one that <see cref="Write"/> wrote.</exception>
    public static Dictionary<string, MethodState> Read(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, Name));
        Dictionary<string, MethodState> states = [];
        foreach ((string key, string phase) in file.Metadata.Where(m => m.Key.EndsWith(PhaseKey, StringComparison.Ordinal)))
        {
            string group = key[..^PhaseKey.Length];
            Dictionary<string, PackedArray> arrays = [];
            foreach (string name in file.Tensors.Keys.Where(n => n[..n.LastIndexOf(Separator)] == group))
                arrays.Add(name[(name.LastIndexOf(Separator) + 1)..], ReadArray(file, name));
            states.Add(group, new MethodState(int.Parse(phase, CultureInfo.InvariantCulture), arrays));
        }

        return states;
    }

    private static PackedArray ReadArray(SafetensorsFile file, string name)
    {
        string[] shape = file.Metadata.GetValueOrDefault(name)?.Split(" x ") ?? [];
        if (shape.Length != 2)
            throw new InvalidDataException($"{file.Path}: the metadata do not say how many numbers of how many bits '{name}' has.");
        var array = new PackedArray(long.Parse(shape[0], CultureInfo.InvariantCulture), int.Parse(shape[1], CultureInfo.InvariantCulture));
        var words = MemoryMarshal.Cast<long, ulong>(file.Read<long>(name));
        if (words.Length != array.Words.Length)
            throw new InvalidDataException($"{file.Path}: '{name}' has {words.Length} words, but {array.Words.Length} were expected.");
        words.CopyTo(array.Words.Span(0, words.Length));
        return array;
    }
}
