using RecSys.Cluster.Buckets;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster;

// Copies of buckets for reading: given away, and kept for other nodes. They are in memory only.
public sealed partial class Shard
{
    /// <summary>Copies of buckets that other nodes own.</summary>
    public IReadOnlyList<BucketCopy> Copies
        => [.. _copies.OrderBy(c => c.Key).Select(c => new BucketCopy(c.Key, c.Value.Bucket.Link, TimeProvider.System.GetElapsedTime(c.Value.Read).TotalSeconds))];

    /// <summary>Writes a bucket to a file: whole, or the rows that have changed since the file before. Updates go on.</summary>
    /// <param name="bucket">Number of a bucket that belongs here.</param>
    /// <param name="chain">Number of a chain to begin; 0 goes on with that of the file before.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ShardException">The bucket does not belong here, or there is no file before.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; then a chain has to be begun.</exception>
    public void Copy(int bucket, ulong chain, string path)
    {
        var owned = Owned(bucket);
        if (chain != 0)
        {
            owned.WriteWhole(path, chain);
            return;
        }

        try
        {
            owned.WriteDelta(path);
        }
        catch (InvalidOperationException e)
        {
            throw new ShardException(ShardErrorKind.Conflict, e.Message, e);
        }
    }

    /// <summary>Keeps a copy of a bucket up to date: a whole bucket replaces what there is, a delta goes on from there.</summary>
    /// <param name="bucket">Number of a bucket that belongs to another node.</param>
    /// <param name="path">What <see cref="Copy"/> has written there.</param>
    /// <exception cref="ShardException">The bucket belongs here.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, does not follow the one before, or is of another bucket or model; nothing has
    /// been changed.</exception>
    public void Follow(int bucket, string path)
    {
        lock (_persisting)
        {
            if (Find(bucket) is not null || _leaving.ContainsKey(bucket))
                throw new ShardException(ShardErrorKind.Conflict, $"Bucket {bucket} of model '{Model.Name}' belongs to this node; another keeps the copy.");
            long now = TimeProvider.System.GetTimestamp();
            if (_copies.TryGetValue(bucket, out var copy) && Bucket.IsDelta(Model, path))
            {
                copy.Bucket.ReadDelta(path);
                _copies[bucket] = (copy.Bucket, now);
                return;
            }

            var read = Bucket.Read(Model, bucket, path);
            DropCopy(bucket);
            _copies[bucket] = (read, now);
        }
    }

    /// <summary>What has changed in buckets and copies since earlier files of their chains.</summary>
    /// <param name="since">The files; those of buckets that are not here are passed over.</param>
    /// <returns>Buckets with changes, or of which it is not known what has changed.</returns>
    public IReadOnlyList<BucketChanges> Changes(IReadOnlyList<BucketLink> since)
        => [.. from link in since
               let bucket = Find(link.Bucket) ?? (_copies.TryGetValue(link.Bucket, out var copy) ? copy.Bucket : null)
               where bucket is not null
               let changes = bucket.ChangesSince(link.Link)
               where changes.Tables is null or { Count: > 0 } || changes.Link != link.Link
               select changes];

    private bool DropCopy(int bucket)
    {
        if (!_copies.TryRemove(bucket, out var copy))
            return false;
        copy.Bucket.Dispose();
        return true;
    }
}
