using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>A folder for logs that is deleted at the end of a test.</summary>
internal sealed class LogFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    /// <summary>Makes a folder, in memory where the system has such a place: thousands of logs are opened and flushed there.</summary>
    /// <param name="onDisk">True for a folder on disk.</param>
    public LogFolder(bool onDisk = false)
    {
        string parent = !onDisk && Directory.Exists(Memory) ? Memory : System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, "recsys-log-" + System.IO.Path.GetRandomFileName())).FullName;
    }

    public string Path { get; }

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The files of a log as a process that is killed now would leave them.</summary>
    public static SortedDictionary<string, byte[]> Files(string directory)
    {
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(directory))
        {
            string name = System.IO.Path.GetFileName(path);
            if (name == "lock")
                continue;
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            files[name] = new byte[stream.Length];
            stream.ReadExactly(files[name]);
        }

        return files;
    }

    /// <summary>Makes a directory of this folder hold the files and nothing else.</summary>
    public string Write(string name, IReadOnlyDictionary<string, byte[]> files)
    {
        string directory = Directory.CreateDirectory(Of(name)).FullName;
        foreach (string path in Directory.GetFiles(directory))
            File.Delete(path);
        foreach ((string file, byte[] bytes) in files)
            File.WriteAllBytes(System.IO.Path.Combine(directory, file), bytes);
        return directory;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
