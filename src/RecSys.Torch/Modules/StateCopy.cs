namespace RecSys.Torch.Modules;

/// <summary>Strict loading of named tensors: everything fits or nothing is copied.</summary>
internal static class StateCopy
{
    /// <summary>Copies each source into the target of its name.</summary>
    /// <param name="owner">What is loaded, for the error.</param>
    /// <param name="source">Named values.</param>
    /// <param name="target">Tensors to overwrite.</param>
    /// <exception cref="ArgumentException">Names or shapes differ.</exception>
    internal static void Copy(string owner, IReadOnlyDictionary<string, Tensor> source, IReadOnlyDictionary<string, Tensor> target)
    {
        List<string> problems =
        [
            .. target.Keys.Where(name => !source.ContainsKey(name)).Select(name => $"missing '{name}'"),
            .. source.Keys.Where(name => !target.ContainsKey(name)).Select(name => $"unknown '{name}'"),
            .. target.Where(entry => source.TryGetValue(entry.Key, out Tensor? tensor) && !tensor.shape.SequenceEqual(entry.Value.shape))
                .Select(entry => $"'{entry.Key}' has shape {Text(source[entry.Key])}, not {Text(entry.Value)}"),
        ];
        if (problems.Count > 0)
            throw new ArgumentException($"The state does not fit {owner}: {string.Join("; ", problems)}.");
        using IDisposable noGrad = torch.no_grad();
        foreach ((string name, Tensor tensor) in target)
            tensor.copy_(source[name]);
    }

    private static string Text(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
