namespace RecSys.Embeddings.Tests.Memory;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("recsys-").FullName;

    public string File(string name) => Path.Combine(_path, name);

    public string[] FileNames() => [.. Directory.GetFiles(_path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
