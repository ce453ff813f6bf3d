namespace RecSys.Torch.Tests;

public sealed class RuntimeSetupTests
{
    [Fact]
    public void Report_LoadedLibraries_NamesVersionAndBlas()
    {
        RuntimeReport report = RuntimeSetup.Report();
        Assert.Matches(@"^\d+\.\d+\.\d+", report.LibtorchVersion);
        Assert.True(report.ThreadCount >= 1);
        Assert.All(report.BlasLibraries, path => Assert.StartsWith("/", path, StringComparison.Ordinal));
        Assert.EndsWith(report.OpenBlasCore is null ? "" : $" ({report.OpenBlasCore})", report.Blas, StringComparison.Ordinal);
        Assert.Equal(report.OpenBlasCore is not null, report.BlasLibraries.Any(path => path.Contains("openblas", StringComparison.Ordinal)));
    }

    [Fact]
    public void Apply_ThreadsNotSetByUser_AreTheCores()
    {
        RuntimeSetup.Apply();
        string? asked = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        int expected = asked is null ? Environment.ProcessorCount : int.Parse(asked, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(expected, torch.get_num_threads());
    }

    [Theory]
    [InlineData("flags\t\t: fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl", true)]
    [InlineData("flags\t\t: fpu avx2 avx512f avx512cd", false)]
    [InlineData("flags\t\t: fpu avx2 bmi2", false)]
    [InlineData("Features\t: neon", false)]
    public void HasAvx512_Flags_NeedAllExtensions(string line, bool expected)
        => Assert.Equal(expected, RuntimeSetup.HasAvx512(["processor\t: 0", line]));

    [Fact]
    public void BlasLibraries_Maps_ListsEachFileOnce()
    {
        string[] maps =
        [
            "7f00-7f01 r--p 00000000 08:01 1  /usr/lib/x86_64-linux-gnu/openblas-openmp/libblas.so.3",
            "7f01-7f02 r-xp 00001000 08:01 1  /usr/lib/x86_64-linux-gnu/openblas-openmp/libblas.so.3",
            "7f02-7f03 r-xp 00001000 08:01 2  /usr/lib/libc.so.6",
            "7f03-7f04 rw-p 00000000 00:00 0  [heap]",
        ];
        Assert.Equal(["/usr/lib/x86_64-linux-gnu/openblas-openmp/libblas.so.3"], RuntimeSetup.BlasLibraries(maps));
    }
}
