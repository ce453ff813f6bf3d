using System.Runtime.InteropServices;

namespace RecSys.Cluster.Requests;

/// <summary>The first 64 bytes of a request, little-endian.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public record struct ShardRequestHeader
{
    /// <summary>The bytes <c>RSRQ</c>.</summary>
    public const uint MagicNumber = 0x51525352;

    /// <summary>The version that this library writes and reads.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>Bytes of a header.</summary>
    public const int ByteCount = 64;

    /// <summary><see cref="MagicNumber"/>.</summary>
    public uint Magic;

    /// <summary><see cref="CurrentVersion"/>.</summary>
    public ushort Version;

    /// <summary>A <see cref="ShardRequestKind"/>.</summary>
    public ushort Kind;

    /// <summary><see cref="ShardedModel.Id"/>.</summary>
    public ulong Model;

    /// <summary>Generation of the shard's rows: it changes when they go back to a snapshot, so that what was on its way before is refused.</summary>
    public ulong Generation;

    /// <summary>Who trains; 0 for a gather.</summary>
    public ulong Worker;

    /// <summary>Ascending number of the worker's updates, from 1; a bucket applies each once.</summary>
    public ulong Sequence;

    /// <summary>Number of the training step, from 1: what the optimiser's bias correction and random rounding depend on.</summary>
    public long Step;

    /// <summary>Learning rate of the step.</summary>
    public float LearningRate;

    /// <summary>Number of entries, which follow the header.</summary>
    public int EntryCount;

    /// <summary>Bytes of the whole request.</summary>
    public long TotalByteCount;
}
