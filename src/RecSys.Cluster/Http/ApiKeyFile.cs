namespace RecSys.Cluster.Http;

/// <summary>A file with the keys of a server, one a line.</summary>
public static class ApiKeyFile
{
    /// <summary>Reads the keys.</summary>
    /// <param name="path">The file.</param>
    /// <returns>At least one: a server without keys answers anyone.</returns>
    /// <exception cref="ArgumentException">There is no such file, or no key in it.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string[] keys = File.Exists(path) ? [.. File.ReadLines(path).Select(k => k.Trim()).Where(k => k.Length > 0)] : [];
        return keys.Length > 0 ? keys : throw new ArgumentException($"there is no file '{path}' with a key a line");
    }
}
