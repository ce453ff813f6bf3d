namespace RecSys.Cli.Tests;

/// <summary>Files of the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RecSys.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("RecSys.sln was not found above the tests.");
    }
}
