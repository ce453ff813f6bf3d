using RecSys.Cluster.Buckets;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Cluster.Storage;

namespace RecSys.Cluster;

// What of a shard is on disk.
public sealed partial class Shard
{
    /// <summary>Opens what is on disk, and replays the log over it.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="storage">The node's folder, and what outlives a crash from now on.</param>
    /// <returns>Null when there is nothing of the model.</returns>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static Shard? Open(string name, StorageOptions storage)
    {
        var folder = ShardFolder.Open(Path.Combine(storage.Folder, name), storage.Durability);
        if (folder is null)
            return null;
        Shard? shard = null;
        try
        {
            shard = new Shard(folder.Model, folder.Record.Buckets, folder.Record.Generation, b => folder.FileOf(b) is { } file ? Bucket.Read(folder.Model, b, file) : Bucket.Create(folder.Model, b))
            {
                _storage = storage,
                _folder = folder,
            };
            shard.Replay();
            foreach (int bucket in folder.Record.Leaving)
                (shard._leaving[bucket], shard._buckets[bucket]) = (shard._buckets[bucket]!, null);
            return shard;
        }
        catch
        {
            shard?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Writes all rows to disk; of the log remains what came meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The shard is not kept on disk.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; what was there before still counts.</exception>
    public void Persist()
    {
        var folder = _folder ?? throw new InvalidOperationException($"Model '{Model.Name}' is not kept on disk.");
        lock (_persisting)
        {
            // Every update up to here is in the rows already; those that follow may get into some files, and are known by their sequence.
            long last;
            lock (_writer)
                last = folder.Log?.LastLsn ?? 0;
            folder.Replace(folder.Record, _storage!.Durability, WriteFiles);
            folder.Log?.TruncateBefore(last + 1);
        }
    }

    /// <summary>Writes the rows that a crash would lose, so that the shard opens in the same generation.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void Close()
    {
        if (_folder is not { Record.MayLack: true } folder)
            return;
        Persist();
        folder.Write(folder.Record with { MayLack = false });
    }

    private void WriteFiles(string folder)
    {
        foreach (var bucket in Kept)
            bucket.WriteWhole(SnapshotFolder.FileOf(folder, bucket.Number));
    }

    private void Replay()
    {
        if (_folder!.Log is { } log)
        {
            byte[] bytes = [];
            log.Replay(log.FirstLsn, (_, payload) =>
            {
                if (bytes.Length < payload.Length)
                    bytes = new byte[payload.Length];
                payload.CopyTo(bytes);
                using var request = ShardRequest.Parse(bytes.AsMemory(0, payload.Length), Model, ShardRequestKind.Apply, ShardRequestKind.Import);
                Update(request);
            });
        }

        // The log goes when it is not wanted any more; and from here on updates may be lost again, or not.
        bool mayLack = _storage!.Durability == Durability.Snapshot;
        if (mayLack && _folder.Log is not null)
            Persist();
        if (mayLack != _folder.Record.MayLack || _folder.Record.MayLack)
            _folder.Write(_folder.Record with { MayLack = mayLack });
    }

    private void Fold()
    {
        try
        {
            Persist();
        }
        catch (IOException)
        {
            // The log goes on growing, and the next update tries again.
        }
        finally
        {
            Volatile.Write(ref _isFolding, 0);
        }
    }
}
