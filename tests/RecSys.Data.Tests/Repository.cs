namespace RecSys.Data.Tests;

/// <summary>Places in the repository that the tests run from.</summary>
internal static class Repository
{
    private static readonly string s_root = Find(AppContext.BaseDirectory);

    /// <summary>The full path of a path relative to the repository's root.</summary>
    internal static string PathOf(string path) => Path.GetFullPath(Path.Combine(s_root, path));

    private static string Find(string folder)
    {
        for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "RecSys.sln")))
                return directory.FullName;
        }

        throw new DirectoryNotFoundException($"RecSys.sln is in no folder above {folder}.");
    }
}
