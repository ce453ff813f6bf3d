namespace RecSys.Embeddings.Memory;

/// <summary>XXH64 checksums of files and bytes, as kept in manifests.</summary>
public static class FileChecksum
{
    private const int BlockSize = 1 << 20;

    /// <summary>Checksum of a file.</summary>
    /// <param name="path">The file.</param>
    public static ulong Compute(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        var hash = new XxHash64();
        byte[] block = GC.AllocateUninitializedArray<byte>(BlockSize);
        for (int count = stream.Read(block); count > 0; count = stream.Read(block))
            hash.Append(block.AsSpan(0, count));
        return hash.Hash;
    }

    /// <summary>Checksum of bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    public static ulong Compute(ReadOnlySpan<byte> bytes) => XxHash64.Compute(bytes);
}
