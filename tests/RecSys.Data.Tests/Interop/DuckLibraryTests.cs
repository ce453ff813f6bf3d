using RecSys.Data.Interop;

namespace RecSys.Data.Tests.Interop;

public sealed class DuckLibraryTests
{
    [Fact]
    public void Candidates_WithAConfiguredFile_AreThatFileOnly()
        => Assert.Equal(["/opt/duckdb.so"], DuckLibrary.Candidates("/opt/duckdb.so", AppContext.BaseDirectory));

    [Fact]
    public void Candidates_WithoutConfiguration_WalkUpFromTheStartFolder()
    {
        using var folder = new TemporaryFolder();
        string library = folder.File("artifacts/native/duckdb/libduckdb.so");
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        File.WriteAllText(library, "");
        string start = folder.File("artifacts/bin/debug");
        Directory.CreateDirectory(start);

        Assert.Equal(library, DuckLibrary.Candidates(null, start).First());
    }
}
