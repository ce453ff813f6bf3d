using System.Globalization;

namespace RecSys.EndToEnd.Tests;

/// <summary>
/// A copy of the launcher beside a source tree of one file, on a machine of a few commands:
/// <c>dotnet</c> is a script that counts builds and prints the environment it was started with.
/// </summary>
internal sealed class LauncherSandbox : IDisposable
{
    private static readonly string[] s_machineCommands =
        ["bash", "basename", "cat", "chmod", "dirname", "find", "flock", "grep", "head", "mkdir", "mktemp", "mv", "nproc", "readlink", "rm", "sed", "sha512sum", "sleep", "sort", "tail", "tar", "touch", "uname", "env"];

    private readonly string _root = Directory.CreateTempSubdirectory("recsys-launcher").FullName;

    public LauncherSandbox()
    {
        Directory.CreateDirectory(MachineFolder);
        Directory.CreateDirectory(Path.Combine(_root, "src"));
        File.Copy(Path.Combine(RepositoryRoot(), "recsys"), Path.Combine(_root, "recsys"));
        File.WriteAllText(SourceFile, "one");
        File.WriteAllText(Path.Combine(_root, "global.json"), "{}");
        File.WriteAllText(Path.Combine(_root, "Directory.Build.props"), "");
        foreach (string command in s_machineCommands)
            File.CreateSymbolicLink(Path.Combine(MachineFolder, command), FindInPath(command));
        AddCommand("dotnet", """
            root=$(dirname "$(dirname "$0")")
            if [[ $1 == build ]]; then
              echo "$*" >>"$root/builds"
              [[ ! -e $root/broken ]] || { echo "x.cs(1,1): error CS0001: broken"; exit 1; }
              sleep 0.3
              mkdir -p "$root/artifacts/bin/RecSys.Cli/release"
              touch "$root/artifacts/bin/RecSys.Cli/release/recsys.dll"
            else
              echo "started: $*"
              env
            fi
            """);
        foreach (string command in (string[])["g++", "cmake", "make", "chromium"])
            AddCommand(command, "");
        Directory.CreateDirectory(LibtorchFolder);
        File.WriteAllText(DuckDbFile, "");
    }

    /// <summary>Where commands of the machine are; scripts that stand for programs may add to it.</summary>
    public string MachineFolder => Path.Combine(_root, "machine");

    public string LibtorchFolder => Path.Combine(_root, "libtorch");

    public string DuckDbFile => Path.Combine(_root, "libduckdb.so");

    public string SourceFile => Path.Combine(_root, "src", "One.cs");

    /// <summary>How many builds were started.</summary>
    public int BuildCount => File.Exists(Path.Combine(_root, "builds")) ? File.ReadAllLines(Path.Combine(_root, "builds")).Length : 0;

    public void BreakTheBuild() => File.WriteAllText(Path.Combine(_root, "broken"), "");

    public void MendTheBuild() => File.Delete(Path.Combine(_root, "broken"));

    public void RemoveCommand(string name) => File.Delete(Path.Combine(MachineFolder, name));

    public CommandResult Run(IReadOnlyList<string> args, params (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = MachineFolder,
            ["LIBTORCH"] = LibtorchFolder,
            ["DUCKDB_LIB"] = DuckDbFile,
            ["RECSYS_PYTHON"] = "/usr/bin/python3",
        };
        foreach ((string name, string value) in variables)
            environment[name] = value;
        return CommandProcess.Run(Path.Combine(MachineFolder, "bash"), [Path.Combine(_root, "recsys"), .. args], environment);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Puts a script on the machine.</summary>
    public void AddCommand(string name, string script)
    {
        string path = Path.Combine(MachineFolder, name);
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"#!{Path.Combine(MachineFolder, "bash")}\n{script}\n"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The folder of the repository.</summary>
    public static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "RecSys.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository.");
    }

    private static string FindInPath(string command)
        => Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, command)).First(File.Exists);
}
