using RecSys.Training.Models;

namespace RecSys.Training.Checkpoints;

/// <summary>What a checkpoint folder holds: the position of the run, its files with checksums, its tables with shapes.</summary>
public sealed record CheckpointManifest
{
    /// <summary>Version of the format that this program writes and reads.</summary>
    public const int CurrentVersion = 2;

    /// <summary>File name inside a checkpoint folder.</summary>
    public const string FileName = "manifest.json";

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Name of the CTR model.</summary>
    public required string Model { get; init; }

    /// <summary>Where the run stands.</summary>
    public required TrainingState State { get; init; }

    /// <summary>The model's embedding sets.</summary>
    public required IReadOnlyList<SetRequest> Sets { get; init; }

    /// <summary>Embedding tables.</summary>
    public required IReadOnlyList<TableEntry> Tables { get; init; }

    /// <summary>Every other file of the folder.</summary>
    public required IReadOnlyList<FileEntry> Files { get; init; }

    /// <summary>A table in the checkpoint.</summary>
    /// <param name="Name">Name of the table; its tensor in <c>tables.safetensors</c> has the same.</param>
    /// <param name="Rows">Number of rows.</param>
    /// <param name="Width">Numbers per row.</param>
    public sealed record TableEntry(string Name, long Rows, int Width);

    /// <summary>A file in the checkpoint.</summary>
    /// <param name="Name">Name inside the folder.</param>
    /// <param name="Bytes">Length in bytes.</param>
    /// <param name="Checksum">XXH64 of the content, 16 hexadecimal digits.</param>
    public sealed record FileEntry(string Name, long Bytes, string Checksum);
}
