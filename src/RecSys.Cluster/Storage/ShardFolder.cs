using System.Globalization;
using RecSys.Cluster.Log;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Memory;

namespace RecSys.Cluster.Storage;

/// <summary>
/// The folder of a shard: <c>model.json</c>; <c>shard.json</c>, which says what counts; <c>files-N</c> with a file per bucket; and
/// <c>log-G</c> with the updates since, G the generation. What <c>shard.json</c> does not name is left over and removed.
/// </summary>
/// <remarks>Not thread-safe but for the log.</remarks>
internal sealed class ShardFolder : IDisposable
{
    private const string RecordFile = "shard.json";
    private readonly string _path;

    private ShardFolder(string path, ShardedModel model, ShardRecord record)
    {
        _path = path;
        Model = model;
        Record = record;
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <summary>What counts.</summary>
    public ShardRecord Record { get; private set; }

    /// <summary>The updates since the files were written; null without.</summary>
    public WriteAheadLog? Log { get; private set; }

    /// <summary>Creates a folder whose buckets have their first values.</summary>
    public static ShardFolder Create(string path, ShardedModel model, IReadOnlyList<int> buckets, ulong generation, Durability durability)
    {
        Delete(path);
        DirectorySync.Create(Path.GetFullPath(path));
        ModelFile.Write(path, model);
        var folder = new ShardFolder(path, model, new ShardRecord { Generation = generation, Files = 0, Buckets = buckets, MayLack = durability == Durability.Snapshot });
        folder.OpenLog(durability);
        folder.WriteRecord();
        return folder;
    }

    /// <summary>Opens a folder.</summary>
    /// <returns>Null when its creation did not end.</returns>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static ShardFolder? Open(string path, Durability durability)
    {
        string file = Path.Combine(path, RecordFile);
        if (!File.Exists(file))
            return null;
        var record = SealedJson.Read<ShardRecord>(file);
        if (record.Version != ShardRecord.CurrentVersion)
            throw new InvalidDataException($"{file}: format version {record.Version} is not supported; valid: {ShardRecord.CurrentVersion}.");
        var folder = new ShardFolder(path, ModelFile.Read(path), record);
        if (record.MayLack)
            folder.Record = record with { Generation = record.Generation + 1 };
        folder.RemoveLeftovers();
        if (durability == Durability.Log || Directory.Exists(folder.LogPath))
            folder.OpenLog(Durability.Log);
        return folder;
    }

    /// <summary>Removes a folder: first what says that it counts.</summary>
    public static void Delete(string path)
    {
        if (!Directory.Exists(path))
            return;
        File.Delete(Path.Combine(path, RecordFile));
        Directory.Delete(path, recursive: true);
    }

    /// <summary>The file of a bucket, if it has one.</summary>
    public string? FileOf(int bucket)
    {
        string file = SnapshotFolder.FileOf(FilesPath(Record.Files), bucket);
        return File.Exists(file) ? file : null;
    }

    /// <summary>Puts new files into place of those before.</summary>
    /// <param name="record">What then counts; the number of the files is filled in.</param>
    /// <param name="durability">Whether updates are logged from now on.</param>
    /// <param name="write">Writes the files of all buckets into a folder.</param>
    public void Replace(ShardRecord record, Durability durability, Action<string> write)
    {
        long files = Record.Files + 1;
        string path = FilesPath(files);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
        write(path);
        DirectorySync.Flush(path);
        bool isNewLog = record.Generation != Record.Generation || (durability == Durability.Log) != (Log is not null);
        Record = record with { Files = files };
        if (isNewLog)
        {
            Log?.Dispose();
            Log = null;
            OpenLog(durability);
        }

        WriteRecord();
        RemoveLeftovers();
        if (Log is null && Directory.Exists(LogPath))
            Directory.Delete(LogPath, recursive: true);
    }

    /// <summary>Takes over the file of a bucket that came from another node.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="path">The file; it is copied.</param>
    public void Add(int bucket, string path)
    {
        string folder = FilesPath(Record.Files);
        DirectorySync.Create(Path.GetFullPath(folder));
        string file = SnapshotFolder.FileOf(folder, bucket);
        using (var source = File.OpenRead(path))
        using (var target = new FileStream(file + ".tmp", FileMode.Create, FileAccess.Write))
        {
            source.CopyTo(target);
            target.Flush(flushToDisk: true);
        }

        File.Move(file + ".tmp", file, overwrite: true);
        DirectorySync.Flush(folder);
        Write(Record with { Buckets = [.. Record.Buckets.Append(bucket).Order()] });
    }

    /// <summary>Forgets a bucket that another node has taken over.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    public void Remove(int bucket)
    {
        Write(Record with { Buckets = [.. Record.Buckets.Where(b => b != bucket)], Leaving = [.. Record.Leaving.Where(b => b != bucket)] });
        if (FileOf(bucket) is { } file)
            File.Delete(file);
    }

    /// <summary>Notes what counts.</summary>
    public void Write(ShardRecord record)
    {
        Record = record;
        WriteRecord();
    }

    /// <inheritdoc/>
    public void Dispose() => Log?.Dispose();

    private string LogPath => Path.Combine(_path, FormattableString.Invariant($"log-{Record.Generation}"));

    private string FilesPath(long number) => Path.Combine(_path, string.Create(CultureInfo.InvariantCulture, $"files-{number:D8}"));

    private void OpenLog(Durability durability)
    {
        if (durability == Durability.Log)
            Log = WriteAheadLog.Open(LogPath, new WriteAheadLogOptions());
    }

    private void WriteRecord()
    {
        SealedJson.Write(Path.Combine(_path, RecordFile), Record);
        DirectorySync.Flush(_path);
    }

    private void RemoveLeftovers()
    {
        foreach (string path in Directory.EnumerateDirectories(_path).Where(p => p != FilesPath(Record.Files) && p != LogPath))
            Directory.Delete(path, recursive: true);
    }
}
