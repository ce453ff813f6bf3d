using RecSys.Data.Configuration;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Configuration;

/// <summary>Width of the vectors and how their rows are stored.</summary>
public sealed class EmbeddingConfig
{
    internal EmbeddingConfig(ConfigNode node)
    {
        Dimension = node.Int32("dimension", 16, minimum: 1, maximum: 4096);
        Method = MethodSpec.Read(node, inherited: null);
        Fields = node.NamedSections("fields").ToDictionary(f => f.Key, f => MethodSpec.Read(f.Value, Method));
        Sets = node.NamedSections("sets").ToDictionary(s => s.Key, s => MethodSpec.Read(s.Value, Method));
        Initializer = node.Choice("initializer", "keras", [.. Initializers.Names]);
        HashSeed = (ulong)node.Int64("hash_seed", 2026, minimum: 0);
        Node = node;
    }

    /// <summary>Width of the vectors.</summary>
    /// <value>16 by default.</value>
    public int Dimension { get; }

    /// <summary>Method of every field without one of its own.</summary>
    /// <value><c>full</c> by default.</value>
    public MethodSpec Method { get; }

    /// <summary>Methods of single fields: <c>fields: {user_id: {method: {name: full}}}</c>.</summary>
    public IReadOnlyDictionary<string, MethodSpec> Fields { get; }

    /// <summary>Methods of single embedding sets of the model: <c>sets: {linear: {method: {name: full}}}</c>.</summary>
    public IReadOnlyDictionary<string, MethodSpec> Sets { get; }

    /// <summary>Rule of the initial values.</summary>
    /// <value><c>keras</c> by default.</value>
    public string Initializer { get; }

    /// <summary>Seed of all hashes; independent of the training seed.</summary>
    /// <value>2026 by default.</value>
    public ulong HashSeed { get; }

    internal ConfigNode Node { get; }

    /// <summary>The method of a field in a set: its own, that of the set, or that of all.</summary>
    /// <param name="set">Name of the set.</param>
    /// <param name="field">Name of the field.</param>
    internal MethodSpec MethodOf(string set, string field) => Fields.GetValueOrDefault(field) ?? Sets.GetValueOrDefault(set) ?? Method;
}
