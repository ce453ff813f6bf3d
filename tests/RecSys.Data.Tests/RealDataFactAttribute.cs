namespace RecSys.Data.Tests;

/// <summary>A test on a public data set that is not part of the repository; skipped where the set is absent.</summary>
internal sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute(string folder)
    {
        if (!Directory.Exists(Repository.PathOf(folder)))
            Skip = $"The data set {folder} is not on this machine; data/README.md says where to get it.";
    }
}
