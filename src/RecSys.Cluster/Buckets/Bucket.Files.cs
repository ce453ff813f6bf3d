using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster.Buckets;

// Snapshots: a whole bucket, or the rows that have changed since the file before.
internal sealed partial class Bucket
{
    private const int MostRecentRows = 1 << 14;

    // Rows of the last deltas, oldest first.
    private readonly Queue<(long Number, List<TableChanges> Tables)> _recent = [];
    private ChainLink _link;
    private ulong _linkChecksum;

    /// <summary>The newest file of the chain that the rows belong to; <see cref="ChainLink.None"/> when a delta cannot follow.</summary>
    public ChainLink Link
    {
        get
        {
            lock (_lock)
                return _link;
        }
    }

    /// <summary>True for a file that <see cref="WriteDelta"/> has written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is missing, damaged or of another model; the message names it.</exception>
    public static bool IsDelta(ShardedModel model, string path)
    {
        using var reader = BucketFileReader.Open(path, model);
        return reader.Header.Link.Number > 0;
    }

    /// <summary>Reads a bucket.</summary>
    /// <param name="model">The model.</param>
    /// <param name="number">Number of the bucket.</param>
    /// <param name="path">A file that <see cref="WriteWhole"/> has written.</param>
    /// <exception cref="InvalidDataException">The file is missing, damaged, a delta, or of another bucket or model; the message names it.</exception>
    public static Bucket Read(ShardedModel model, int number, string path)
    {
        using var reader = BucketFileReader.Open(path, model);
        reader.RequireWhole(number);
        var bucket = new Bucket(model, number, isFilled: false);
        try
        {
            bucket.ReadParts(reader);
            return bucket;
        }
        catch
        {
            bucket.Dispose();
            throw;
        }
    }

    /// <summary>Goes on to a delta of the bucket.</summary>
    /// <param name="path">A file that <see cref="WriteDelta"/> has written.</param>
    /// <exception cref="InvalidDataException">The file is missing, damaged, does not follow the one before, or is of another bucket or model;
    /// the message names it, and nothing has been changed.</exception>
    public void ReadDelta(string path)
    {
        using var reader = BucketFileReader.Open(path, _model);
        lock (_lock)
        {
            ThrowIfMoved();
            reader.RequireFollows(Number, _link, _linkChecksum);
            ReadParts(reader);
        }
    }

    /// <summary>Rows that have changed between an earlier file and <see cref="Link"/>.</summary>
    /// <param name="since">The file; of another chain, or too long ago, it is not known which rows have changed.</param>
    public BucketChanges ChangesSince(ChainLink since)
    {
        lock (_lock)
        {
            bool isKnown = _link.Chain != 0 && since.Chain == _link.Chain && since.Number <= _link.Number && since.Number >= _link.Number - _recent.Count;
            return new BucketChanges(Number, _link, isKnown ? [.. _recent.Where(r => r.Number > since.Number).SelectMany(r => r.Tables)] : null);
        }
    }

    /// <summary>Writes all rows.</summary>
    /// <param name="path">The file; it appears under this name when it is on disk.</param>
    /// <param name="chain">Number of a chain to begin; 0 leaves the chain as it is.</param>
    public void WriteWhole(string path, ulong chain = 0) => Write(path, chain == 0 ? ChainLink.None : new ChainLink(chain, 0), isDelta: false);

    /// <summary>Writes the rows that have changed since the file before in the chain.</summary>
    /// <param name="path">The file; it appears under this name when it is on disk.</param>
    /// <exception cref="InvalidOperationException">No chain has begun.</exception>
    public void WriteDelta(string path) => Write(path, Link.Next, isDelta: true);

    private void Write(string path, ChainLink link, bool isDelta)
    {
        using var writer = new BucketFileWriter(path);
        try
        {
            lock (_lock)
            {
                ThrowIfMoved();
                if (isDelta && _link.Chain == 0)
                    throw new InvalidOperationException($"Bucket {Number} of model '{_model.Name}' has no base that a delta could follow; write a base first.");
                ulong checksum = WriteParts(writer, link, isDelta);
                if (link.Chain != 0)
                {
                    (_link, _linkChecksum) = (link, checksum);
                    Remember();
                }
            }

            writer.Complete();
        }
        catch when (link.Chain != 0)
        {
            // Changes may be forgotten already that are in no file: only a new base is right.
            lock (_lock)
                _link = ChainLink.None;
            throw;
        }
    }

    // The rows of the file that was written or read just now.
    private void Remember()
    {
        if (_link.Number > 0 && KnownChanges() is { } changes)
            _recent.Enqueue((_link.Number, changes));
        else
            _recent.Clear();
        foreach (var part in _parts)
            part?.ForgetChanges();
        while (_recent.Sum(r => r.Tables.Sum(t => (long)t.Keys.Count)) > MostRecentRows)
            _recent.Dequeue();
    }

    // Null when it is not known of a table which rows have changed.
    private List<TableChanges>? KnownChanges()
    {
        List<TableChanges> known = [];
        foreach (var part in _parts.OfType<BucketPart>().Where(p => p.HasChanges))
        {
            if (part.Changes is not { } changes)
                return null;
            known.Add(changes);
        }

        return known;
    }

    private ulong WriteParts(BucketFileWriter writer, ChainLink link, bool isDelta)
    {
        BucketPart[] parts = [.. _parts.OfType<BucketPart>().Where(p => !isDelta || p.HasChanges)];
        writer.Write(new BucketFileHeader
        {
            Magic = BucketFileHeader.MagicNumber,
            Version = BucketFileHeader.CurrentVersion,
            Model = _model.Id,
            Bucket = Number,
            WorkerCount = _sequences.Count,
            PartCount = parts.Length,
            Link = link,
            Parent = isDelta ? _linkChecksum : 0,
        });
        foreach ((ulong worker, ulong sequence) in _sequences)
            writer.Write<ulong>([worker, sequence]);
        foreach (var part in parts)
            part.Write(writer, isDelta);
        return writer.Finish();
    }

    private void ReadParts(BucketFileReader reader)
    {
        _sequences.Clear();
        for (int i = 0; i < reader.Header.WorkerCount; i++)
            _sequences[reader.Read<ulong>()] = reader.Read<ulong>();
        for (int i = 0; i < reader.Header.PartCount; i++)
        {
            var header = reader.Read<BucketFilePart>();
            if ((uint)header.Table >= (uint)_parts.Length || _parts[header.Table] is not { } part)
                throw reader.Damaged($"it holds rows of table {header.Table}, which bucket {Number} has not");
            part.Read(reader, header);
        }

        reader.RequireEnd();
        (_link, _linkChecksum) = (reader.Header.Link, reader.Checksum);
        Remember();
    }
}
