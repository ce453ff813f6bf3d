using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;

namespace RecSys.Training.Configuration;

/// <summary>A compression method with its budget and options.</summary>
/// <param name="Method">The method.</param>
/// <param name="Budget">Serving bytes allowed.</param>
/// <param name="Options">Options of the method.</param>
/// <param name="Source">Where it was written, for messages.</param>
public sealed record MethodSpec(EmbeddingMethod Method, Budget Budget, MethodOptions Options, ConfigNode Source)
{
    /// <summary>Name and options, as shown in tables: <c>qr</c>, <c>qr (combine: add)</c>.</summary>
    public string Label => Options.Names.Any() ? $"{Method.Name} ({Options})" : Method.Name;

    /// <summary>Reads <c>{name: qr, budget: 0.1, …}</c>.</summary>
    /// <param name="parent">Section that has the <c>method</c> key.</param>
    /// <exception cref="ConfigException">Unknown method, or a bad budget.</exception>
    internal static MethodSpec Read(ConfigNode parent)
    {
        var node = parent.Section("method");
        string name = node.String("name", "full");
        string budget = node.String("budget", "1");
        var options = node.Scalars().Where(e => e.Key is not ("name" or "budget")).ToDictionary(e => e.Key, e => e.Value);
        try
        {
            return new MethodSpec(EmbeddingMethods.Get(name), Budget.Parse(budget), new MethodOptions(options), node);
        }
        catch (FormatException e)
        {
            throw node.Error("budget", e.Message);
        }
        catch (ArgumentException e)
        {
            throw node.Error("name", e.Message);
        }
    }
}
