namespace RecSys.Cluster.Snapshots;

/// <summary>
/// How far the rows of a chain of snapshots have been read by somebody who keeps rows without the state of their optimiser. Immutable.
/// </summary>
public sealed class SnapshotRows
{
    private readonly ulong[] _checksums;

    private SnapshotRows(ChainLink link, ulong[] checksums)
    {
        Link = link;
        _checksums = checksums;
    }

    /// <summary>Receives a row.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="row">Number in the whole table.</param>
    /// <param name="bytes">The row as it is kept.</param>
    public delegate void RowVisitor(int table, long row, ReadOnlySpan<byte> bytes);

    /// <summary>The snapshot that was read last.</summary>
    public ChainLink Link { get; }

    /// <summary>Reads the rows of a base, or of the delta that follows what has been read.</summary>
    /// <param name="next">The snapshot.</param>
    /// <param name="before">What has been read; null for nothing.</param>
    /// <param name="visit">Receives each row.</param>
    /// <exception cref="InvalidDataException">A file is missing or damaged, does not follow the one before, or has rows of a growing table; the
    /// message names it, and some rows have been visited.</exception>
    public static SnapshotRows Read(SnapshotFolder next, SnapshotRows? before, RowVisitor visit)
    {
        ulong[] checksums = new ulong[next.Model.BucketCount];
        for (int bucket = 0; bucket < checksums.Length; bucket++)
        {
            using var reader = BucketFileReader.Open(next.FileOf(bucket), next.Model);
            if (before is null)
                reader.RequireWhole(bucket);
            else
                reader.RequireFollows(bucket, before.Link, before._checksums[bucket]);
            ReadParts(reader, next.Model, visit);
            checksums[bucket] = reader.Checksum;
        }

        return new SnapshotRows(next.Link, checksums);
    }

    private static void ReadParts(BucketFileReader reader, ShardedModel model, RowVisitor visit)
    {
        reader.Skip(2L * sizeof(ulong) * reader.Header.WorkerCount);
        for (int i = 0; i < reader.Header.PartCount; i++)
        {
            var part = reader.Read<BucketFilePart>();
            if ((uint)part.Table >= (uint)model.Tables.Count || model.BucketsOf(part.Table).RowCountOf(reader.Header.Bucket) == 0)
                throw reader.Damaged($"it holds rows of table {part.Table}, which bucket {reader.Header.Bucket} has not");
            if (model.Tables[part.Table].Growing is not null)
                throw reader.Damaged($"it holds rows of table '{model.Tables[part.Table].Name}', which grows; only rows with numbers can be read");
            ReadPart(reader, model, part, visit);
        }

        reader.RequireEnd();
    }

    private static void ReadPart(BucketFileReader reader, ShardedModel model, BucketFilePart part, RowVisitor visit)
    {
        var table = model.Tables[part.Table];
        var own = model.BucketsOf(part.Table).PartOf(reader.Header.Bucket);
        long[]? places = reader.ReadPlaces(part, table.Name, own.RowCount);
        byte[] bytes = new byte[table.Mask is null ? table.RowByteCount : table.Width * sizeof(float)];
        for (long i = 0; i < part.Count; i++)
        {
            long row = own.Numbers.Of(places is null ? i : places[i]);
            var kept = bytes.AsSpan(0, table.PlaceOf(row).ByteCount);
            reader.Read(kept);
            visit(part.Table, row, kept);
        }

        reader.Skip(part.Count * model.StateWidthOf(part.Table) * sizeof(float));
    }
}
