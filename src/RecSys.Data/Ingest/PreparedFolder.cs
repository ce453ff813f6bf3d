using System.Security.Cryptography;

namespace RecSys.Data.Ingest;

/// <summary>
/// The folder a data set is written to: everything goes to a temporary folder beside it, which takes its name at the end, so that
/// a data set is there completely or not at all.
/// </summary>
internal sealed class PreparedFolder : IDisposable
{
    private readonly string _target;
    private bool _isCommitted;

    /// <summary>Makes the temporary folder.</summary>
    /// <exception cref="DataException">Something that is not a prepared data set stands at the target.</exception>
    internal PreparedFolder(string target)
    {
        _target = Path.GetFullPath(target);
        ThrowIfForeign();
        Folder = $"{_target}.{Environment.ProcessId}.partial";
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
    }

    /// <summary>The temporary folder.</summary>
    internal string Folder { get; }

    /// <summary>A file's place in the temporary folder; its folder is made.</summary>
    /// <param name="name">Relative name with forward slashes.</param>
    internal string FileAt(string name)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>SHA-256 of every file, by relative name with forward slashes.</summary>
    internal static SortedDictionary<string, string> Checksums(string folder)
    {
        var checksums = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            checksums.Add(Path.GetRelativePath(folder, file).Replace('\\', '/'), Checksum(file));
        return checksums;
    }

    /// <summary>SHA-256 of a file in lower-case hexadecimal.</summary>
    internal static string Checksum(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Gives the folder its name; a data set that stood there is deleted.</summary>
    internal void Commit()
    {
        string old = $"{_target}.{Environment.ProcessId}.old";
        bool isReplaced = Directory.Exists(_target);
        if (isReplaced)
            Directory.Move(_target, old);
        Directory.Move(Folder, _target);
        _isCommitted = true;
        if (isReplaced)
            Directory.Delete(old, recursive: true);
    }

    /// <summary>Deletes the temporary folder unless it was committed.</summary>
    public void Dispose()
    {
        if (!_isCommitted && Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    private void ThrowIfForeign()
    {
        if (File.Exists(_target))
            throw new DataException($"{_target}: is a file; valid: a new folder, an empty one or a prepared data set to replace");
        if (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any() && !DataSchema.IsIn(_target))
            throw new DataException($"{_target}: holds files that are no prepared data set, and is left alone; valid: a new folder, an empty one or a prepared data set to replace");
    }
}
