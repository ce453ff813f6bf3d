using System.Globalization;
using RecSys.Embeddings.Memory;

namespace RecSys.Training.Checkpoints;

/// <summary>
/// The <c>checkpoints</c> folder of a run. A checkpoint is written under a temporary name, flushed, and renamed; then
/// <c>current.json</c> is switched, also by rename. A crash at any moment leaves the previous state usable.
/// </summary>
/// <remarks>Not thread-safe: one training process owns a run.</remarks>
public sealed class CheckpointStore
{
    private readonly string _currentPath;

    /// <summary>Opens the store of a run; nothing is created before the first checkpoint.</summary>
    /// <param name="runDirectory">The run's folder.</param>
    public CheckpointStore(string runDirectory)
    {
        Folder = Path.Combine(runDirectory, "checkpoints");
        _currentPath = Path.Combine(runDirectory, "current.json");
    }

    /// <summary>The folder of all checkpoints.</summary>
    public string Folder { get; }

    /// <summary>Reads <c>current.json</c>.</summary>
    /// <returns>The newest and the best checkpoint, or null when the run has none yet.</returns>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public CurrentCheckpoints? ReadCurrent()
        => File.Exists(_currentPath) ? Read<CurrentCheckpoints>(_currentPath) : null;

    /// <summary>Writes a checkpoint and makes it current.</summary>
    /// <param name="manifest">Its description; the list of files is filled in here.</param>
    /// <param name="write">Writes all files into the given folder.</param>
    /// <param name="keep">Number of newest checkpoints to keep, besides the best.</param>
    public void Save(CheckpointManifest manifest, Action<string> write, int keep)
    {
        Directory.CreateDirectory(Folder);
        foreach (string leftover in Directory.EnumerateDirectories(Folder, ".*"))
            Directory.Delete(leftover, recursive: true);

        string target = PathOf(manifest.State.Step);
        string temporary = Path.Combine(Folder, $".{Path.GetFileName(target)}");
        Directory.CreateDirectory(temporary);
        write(temporary);
        var files = Directory.EnumerateFiles(temporary).Order(StringComparer.Ordinal)
            .Select(f => new CheckpointManifest.FileEntry(Path.GetFileName(f), new FileInfo(f).Length, Checksum(f))).ToList();
        SealedJson.Write(Path.Combine(temporary, CheckpointManifest.FileName), manifest with { Files = files });
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        Directory.Move(temporary, target);

        var current = new CurrentCheckpoints(manifest.State.Step, manifest.State.BestStep);
        SealedJson.Write(_currentPath, current);
        Prune(current, keep);
    }

    /// <summary>Finds a checkpoint and checks every file against the manifest.</summary>
    /// <param name="step">Step of the checkpoint.</param>
    /// <exception cref="CheckpointException">It is missing or damaged; the message names the file.</exception>
    public (string Folder, CheckpointManifest Manifest) Open(long step)
    {
        var found = Find(step);
        Verify(found.Folder, found.Manifest);
        return found;
    }

    /// <summary>Finds a checkpoint and checks that its files are there and as long as they were; nothing large is read.</summary>
    /// <inheritdoc cref="Open"/>
    public (string Folder, CheckpointManifest Manifest) Find(long step)
    {
        string folder = PathOf(step);
        string manifestPath = Path.Combine(folder, CheckpointManifest.FileName);
        if (!File.Exists(manifestPath))
            throw new CheckpointException($"{manifestPath}: the checkpoint of step {step} is missing.");

        var manifest = Read<CheckpointManifest>(manifestPath);
        if (manifest.Version != CheckpointManifest.CurrentVersion)
            throw new CheckpointException($"{manifestPath}: format version {manifest.Version} is not supported; this program reads version {CheckpointManifest.CurrentVersion}.");

        foreach (var file in manifest.Files)
        {
            string path = Path.Combine(folder, file.Name);
            if (!File.Exists(path))
                throw new CheckpointException($"{path}: the file is missing.");
            long length = new FileInfo(path).Length;
            if (length != file.Bytes)
                throw new CheckpointException($"{path}: the file has {length} bytes, but {file.Bytes} were written.");
        }

        return (folder, manifest);
    }

    /// <summary>Reads every file of a checkpoint and compares its checksum.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="manifest">What <see cref="Find"/> read there.</param>
    /// <exception cref="CheckpointException">A file is damaged; the message names it.</exception>
    public static void Verify(string folder, CheckpointManifest manifest)
    {
        foreach (var file in manifest.Files)
        {
            string path = Path.Combine(folder, file.Name);
            if (Checksum(path) != file.Checksum)
                throw new CheckpointException($"{path}: the content does not match its checksum; the file is damaged.");
        }
    }

    private static T Read<T>(string path)
    {
        try
        {
            return SealedJson.Read<T>(path);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    private string PathOf(long step) => Path.Combine(Folder, step.ToString("D9", CultureInfo.InvariantCulture));

    private static string Checksum(string path) => FileChecksum.Compute(path).ToString("x16", CultureInfo.InvariantCulture);

    // What is later than the newest was left by a run that was begun anew here.
    private void Prune(CurrentCheckpoints current, int keep)
    {
        string newest = PathOf(current.Latest);
        string best = PathOf(Math.Max(0, current.Best));
        var kept = Directory.EnumerateDirectories(Folder).Where(f => string.CompareOrdinal(f, newest) <= 0).OrderDescending(StringComparer.Ordinal).Take(keep).Append(best).ToHashSet();
        foreach (string folder in Directory.EnumerateDirectories(Folder).Where(f => !kept.Contains(f)))
            Directory.Delete(folder, recursive: true);
    }
}
