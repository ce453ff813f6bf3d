namespace RecSys.Embeddings.Tests.Methods.Definitions;

/// <summary>The definitions of this folder by the name of their method.</summary>
internal static class MethodDefinitions
{
    private static readonly Dictionary<string, MethodDefinition> s_all = typeof(MethodDefinition).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(MethodDefinition)))
        .Select(t => (MethodDefinition)Activator.CreateInstance(t)!)
        .ToDictionary(d => d.Name, StringComparer.Ordinal);

    public static MethodDefinition Of(string method)
        => s_all.GetValueOrDefault(method) ?? throw new InvalidOperationException($"The tests have no definition of method '{method}'.");
}
