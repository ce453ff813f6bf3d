using RecSys.Cluster.Buckets;

namespace RecSys.Cluster;

// Buckets that come from or go to another node.
public sealed partial class Shard
{
    /// <summary>Stops to serve a bucket and writes it to a file, for another node. It is kept, also over a restart, until <see cref="Forget"/>; done
    /// again, it writes the same.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ShardException">The bucket is not here.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void Detach(int bucket, string path)
    {
        lock (_writer)
        {
            if (Find(bucket) is { } served)
            {
                Write(_leaving.Keys.Append(bucket));
                _leaving[bucket] = served;
                _buckets[bucket] = null;
            }
        }

        Leaving(bucket).WriteWhole(path);
    }

    /// <summary>Serves a bucket that came from another node, or that was on its way from here.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="path">What <see cref="Detach"/> has written there.</param>
    /// <exception cref="ShardException">The bucket is here.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or of another bucket or model.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void Attach(int bucket, string path)
    {
        if (Reinstate(bucket))
            return;
        var read = Bucket.Read(Model, bucket, path);
        try
        {
            // Files are not replaced meanwhile, so what is put beside them stays.
            lock (_persisting)
            {
                lock (_writer)
                {
                    if (Find(bucket) is not null)
                        throw new ShardException(ShardErrorKind.Conflict, $"Bucket {bucket} of model '{Model.Name}' is on this node already.");
                    _folder?.Add(bucket, path);
                    _buckets[bucket] = read;
                    DropCopy(bucket);
                }
            }
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    /// <summary>Removes a bucket that another node has taken over, or a copy.</summary>
    /// <param name="bucket">Number of a bucket that was detached or copied.</param>
    /// <exception cref="ShardException">The bucket is not here, or belongs here.</exception>
    public void Forget(int bucket)
    {
        lock (_persisting)
        {
            if (DropCopy(bucket))
                return;
            var gone = Leaving(bucket);
            _folder?.Remove(bucket);
            _leaving.TryRemove(bucket, out _);
            gone.Dispose();
        }
    }

    private bool Reinstate(int bucket)
    {
        lock (_writer)
        {
            if (!_leaving.TryRemove(bucket, out var back))
                return false;
            Write(_leaving.Keys);
            _buckets[bucket] = back;
            return true;
        }
    }

    private Bucket? Find(int bucket)
        => (uint)bucket < (uint)_buckets.Length ? _buckets[bucket] : throw new ShardException(ShardErrorKind.Invalid, $"Model '{Model.Name}' has no bucket {bucket}; valid: 0 … {_buckets.Length - 1}.");

    private Bucket Leaving(int bucket)
        => _leaving.TryGetValue(bucket, out var leaving) ? leaving : throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {bucket} of model '{Model.Name}' is not on its way from this node.");

    private void Write(IEnumerable<int> leaving)
    {
        if (_folder is not null)
            _folder.Write(_folder.Record with { Leaving = [.. leaving.Order()] });
    }
}
