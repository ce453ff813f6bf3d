using System.Runtime.InteropServices;
using RecSys.Cluster.Buckets;

namespace RecSys.Cluster.Snapshots;

/// <summary>The first bytes of a bucket file, little-endian.</summary>
/// <remarks>
/// Behind it: per worker its number and its last sequence (2 × UInt64); per table with rows (or, in a delta, with changed rows) a
/// <see cref="BucketFilePart"/>, the places of the rows as Int64 unless all are there, the rows as they are kept, and the optimiser's state
/// as Float32; of a growing table what <see cref="RecSys.Embeddings.Growing.GrowingTable.Save"/> writes after the count of steps; at the end the XXH64 of all bytes
/// before.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal record struct BucketFileHeader
{
    /// <summary>The bytes <c>RSBK</c>.</summary>
    public const uint MagicNumber = 0x4b425352;

    /// <summary>The version that this library writes and reads.</summary>
    public const int CurrentVersion = 2;

    /// <summary><see cref="MagicNumber"/>.</summary>
    public uint Magic;

    /// <summary><see cref="CurrentVersion"/>.</summary>
    public int Version;

    /// <summary><see cref="ShardedModel.Id"/>.</summary>
    public ulong Model;

    /// <summary>Number of the bucket.</summary>
    public int Bucket;

    /// <summary>Workers that follow.</summary>
    public int WorkerCount;

    /// <summary>Parts that follow.</summary>
    public int PartCount;

    /// <summary>Always 0.</summary>
    public int Zero;

    /// <summary>Where the file stands in a chain of a base and its deltas.</summary>
    public ChainLink Link;

    /// <summary>Checksum of the file before in the chain; 0 for a base.</summary>
    public ulong Parent;
}
