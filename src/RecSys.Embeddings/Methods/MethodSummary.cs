using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>A method in a few words and numbers, for tables.</summary>
/// <param name="Name">Name in configuration files.</param>
/// <param name="Stored">What is stored, in one sentence.</param>
/// <param name="Bytes">Serving bytes as a formula.</param>
/// <param name="Options">Per option its default; of words all that are valid, the default first; empty where it has none.</param>
/// <param name="Phases">Names of the phases of a run, in order.</param>
/// <param name="SmallestByteCount">Fewest bytes for fields of <see cref="VocabularySizes"/> ids in vectors of <see cref="Dimension"/> numbers.</param>
/// <param name="Source">Authors, venue and year.</param>
public sealed record MethodSummary(
    string Name,
    string Stored,
    string Bytes,
    IReadOnlyDictionary<string, string> Options,
    IReadOnlyList<string> Phases,
    long SmallestByteCount,
    string Source)
{
    /// <summary>Width of the vectors that <see cref="SmallestByteCount"/> is for.</summary>
    public const int Dimension = 16;

    /// <summary>Ids of the fields that <see cref="SmallestByteCount"/> is for: a large and a small one, since methods differ in what they do with small ones.</summary>
    public static IReadOnlyList<long> VocabularySizes { get; } = [1_000_000, 1_000];

    /// <summary>Bytes of one fp32 row per id of these fields.</summary>
    public static long FullByteCount => Request(Budget.Full, MethodOptions.Empty).FullByteCount;

    /// <summary>Describes a method. Nothing large is allocated.</summary>
    /// <param name="method">The method.</param>
    public static MethodSummary Of(EmbeddingMethod method)
    {
        var options = method.OptionNames.ToDictionary(name => name, _ => "");
        // A method reads its options when it lays out tables, so what it then asks for is what it takes by default.
        var asked = new MethodOptions { Asked = (name, values) => options[name] = values };
        method.Build(Request(Budget.Full, asked));
        string[] phases = [.. method.Phases(asked).Select(p => p.Name)];
        return new MethodSummary(method.Name, method.Description, method.ByteFormula, options, phases, method.SmallestByteCount(Request(Budget.Full, MethodOptions.Empty)), method.Source);
    }

    private static MethodRequest Request(Budget budget, MethodOptions options)
    {
        EmbeddingField[] fields = [.. VocabularySizes.Select((size, i) => new EmbeddingField($"field_{i}", size))];
        return new MethodRequest("set", fields, Dimension, budget, HashSeed: 0, _ => Initializer.Zero, options);
    }
}
