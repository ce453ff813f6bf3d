namespace RecSys.EndToEnd.Tests;

public sealed class LauncherTests : IDisposable
{
    private readonly LauncherSandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Launcher_FirstCall_BuildsOnceAndStartsTheCommand()
    {
        CommandResult first = _sandbox.Run(["train", "my config.yaml", "--json"]);
        CommandResult second = _sandbox.Run(["--help"]);

        Assert.Equal(0, first.ExitCode);
        Assert.Matches("^started: [^\n]*/recsys.dll train my config.yaml --json\n", first.Output);
        Assert.Contains("building", first.Error, StringComparison.Ordinal);
        Assert.Empty(second.Error);
        Assert.Equal(1, _sandbox.BuildCount);
    }

    [Fact]
    public void Launcher_SourceChanged_BuildsAgain()
    {
        _sandbox.Run([]);
        File.WriteAllText(_sandbox.SourceFile, "two");
        _sandbox.Run([]);
        _sandbox.Run([]);

        Assert.Equal(2, _sandbox.BuildCount);
    }

    [Fact]
    public void Launcher_OtherLibtorch_BuildsAgain()
    {
        _sandbox.Run([]);
        _sandbox.Run([], ("LIBTORCH", _sandbox.MachineFolder));

        Assert.Equal(2, _sandbox.BuildCount);
    }

    [Fact]
    public async Task Launcher_SeveralAtOnce_BuildOnce()
    {
        CommandResult[] results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => _sandbox.Run(["plan"]))));

        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        Assert.All(results, result => Assert.StartsWith("started: ", result.Output, StringComparison.Ordinal));
        Assert.Equal(1, _sandbox.BuildCount);
    }

    [Fact]
    public void Launcher_BuildFails_ShowsTheErrorAndTriesAgain()
    {
        _sandbox.BreakTheBuild();
        CommandResult failed = _sandbox.Run(["plan"]);
        _sandbox.MendTheBuild();
        CommandResult mended = _sandbox.Run(["plan"]);

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("error CS0001: broken", failed.Error, StringComparison.Ordinal);
        Assert.Empty(failed.Output);
        Assert.Equal(0, mended.ExitCode);
    }

    [Fact]
    public void Launcher_CommandsMissingAndNoApt_SaysWhatToInstall()
    {
        _sandbox.RemoveCommand("g++");
        _sandbox.RemoveCommand("cmake");

        CommandResult result = _sandbox.Run(["plan"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("these packages are missing: g++ cmake.", result.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get update && ", result.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get install --no-install-recommends g++ cmake", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(0, _sandbox.BuildCount);
    }

    [Fact]
    public void Launcher_CommandMissingAndApt_InstallsItAsRootOrSaysHow()
    {
        _sandbox.RemoveCommand("cmake");
        // As on a new machine, nothing is found before the lists of packages are fetched.
        _sandbox.AddCommand("apt-get", """
            machine=$(dirname "$0")
            case $1 in
              update) touch "$machine/updated" ;;
              *) [[ -e $machine/updated ]] || exit 100
                 printf '%s\n' "$*" >"$machine/installed"
                 printf '#!%s\n' "$machine/bash" >"$machine/cmake" && chmod +x "$machine/cmake" ;;
            esac
            """);

        CommandResult result = _sandbox.Run(["plan"]);

        if (Environment.IsPrivilegedProcess)
        {
            Assert.Equal(0, result.ExitCode);
            Assert.EndsWith(" cmake\n", File.ReadAllText(Path.Combine(_sandbox.MachineFolder, "installed")), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("sudo apt-get install --no-install-recommends cmake", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Launcher_DuckDbPackageIsNotTheExpectedOne_IsRefused()
    {
        _sandbox.AddCommand("npm", "echo something else >duckdb.tgz");

        CommandResult result = _sandbox.Run(["plan"], ("DUCKDB_LIB", ""));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not have the expected SHA-512", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, _sandbox.BuildCount);
    }

    [Theory]
    [InlineData("LIBTORCH")]
    [InlineData("DUCKDB_LIB")]
    public void Launcher_LibraryThatIsNotThere_EndsWithTwo(string variable)
    {
        CommandResult result = _sandbox.Run(["plan"], (variable, "/not/here"));

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"error: {variable} is '/not/here'", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Launcher_NoDotnet_SaysSo()
    {
        _sandbox.RemoveCommand("dotnet");

        CommandResult result = _sandbox.Run(["plan"]);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("error: the .NET 10 SDK is not installed", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Launcher_OtherSdk_ShowsWhatDotnetSays()
    {
        _sandbox.AddCommand("dotnet", """
            [[ $1 == --version ]] && echo "A compatible .NET SDK was not found." >&2 && exit 145
            """);

        CommandResult result = _sandbox.Run(["plan"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("need the .NET 10 SDK", result.Error, StringComparison.Ordinal);
        Assert.Contains("A compatible .NET SDK was not found.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Launcher_NothingSet_TunesTheNativeLibraries()
    {
        string[] environment = _sandbox.Run([]).Output.Split('\n');

        Assert.Contains($"OMP_NUM_THREADS={Environment.ProcessorCount}", environment);
        Assert.Contains("OMP_WAIT_POLICY=passive", environment);
        Assert.Contains("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", environment);
        Assert.Contains("MALLOC_MMAP_THRESHOLD_=33554432", environment);
    }

    [Fact]
    public void Launcher_VariablesSetByTheUser_AreLeftAlone()
    {
        string[] environment = _sandbox.Run(
            [],
            ("OMP_NUM_THREADS", "1"),
            ("OPENBLAS_CORETYPE", "Haswell"),
            ("MALLOC_TRIM_THRESHOLD_", ""),
            ("LD_LIBRARY_PATH", "/mine")).Output.Split('\n');

        Assert.Contains("OMP_NUM_THREADS=1", environment);
        Assert.Contains("OPENBLAS_NUM_THREADS=1", environment);
        Assert.Contains("OPENBLAS_CORETYPE=Haswell", environment);
        Assert.Contains("MALLOC_TRIM_THRESHOLD_=", environment);
        Assert.Contains("LD_LIBRARY_PATH=/mine", environment);
    }

    [Fact]
    public void Launcher_TestWithUnknownOption_EndsWithTwo()
    {
        CommandResult result = _sandbox.Run(["test", "--lnog"]);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("error: '--lnog' is not known", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, _sandbox.BuildCount);
    }
}
