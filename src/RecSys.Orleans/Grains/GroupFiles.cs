using RecSys.Cluster;

namespace RecSys.Orleans.Grains;

/// <summary>Files of buckets on their way through calls, part by part; in the temporary folder.</summary>
/// <remarks>Not thread-safe, but parts are read and written beside each other.</remarks>
internal sealed class GroupFiles : IDisposable
{
    /// <summary>Bytes of a part: far below the largest message, and enough that the calls do not count.</summary>
    public const int PartByteCount = 4 << 20;

    private readonly Dictionary<Guid, string> _paths = [];

    /// <summary>Creates an empty file.</summary>
    /// <param name="file">Its number.</param>
    /// <returns>Its path.</returns>
    public string Create(Guid file) => _paths[file] = Path.GetTempFileName();

    /// <summary>The path of a file.</summary>
    /// <param name="file">Its number.</param>
    /// <exception cref="ShardException">There is no such file.</exception>
    public string Find(Guid file)
        => _paths.TryGetValue(file, out string? path) ? path : throw new ShardException(ShardErrorKind.Unavailable, "The file of the bucket went when its group moved to another silo; send it again.");

    /// <summary>Reads a part.</summary>
    /// <param name="file">Number of the file.</param>
    /// <param name="offset">The first byte.</param>
    /// <exception cref="ShardException">There is no such file, or nothing more in it.</exception>
    public async Task<byte[]> ReadAsync(Guid file, long offset)
    {
        using var handle = File.OpenHandle(Find(file), options: FileOptions.Asynchronous);
        byte[] part = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(RandomAccess.GetLength(handle) - offset, 0, PartByteCount));
        int read = part.Length == 0 ? 0 : await RandomAccess.ReadAsync(handle, part, offset);
        if (read == 0)
            throw new ShardException(ShardErrorKind.Invalid, $"The file of the bucket has no byte {offset}.");
        return part[..read];
    }

    /// <summary>Writes a part.</summary>
    /// <param name="file">Number of the file, which is created with the part at 0.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="part">The bytes.</param>
    /// <exception cref="ShardException">There is no such file.</exception>
    public async Task WriteAsync(Guid file, long offset, byte[] part)
    {
        string path = offset == 0 && !_paths.ContainsKey(file) ? Create(file) : Find(file);
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, options: FileOptions.Asynchronous);
        await RandomAccess.WriteAsync(handle, part, offset);
    }

    /// <summary>Removes a file, if there is one.</summary>
    /// <param name="file">Its number.</param>
    public void Delete(Guid file)
    {
        if (_paths.Remove(file, out string? path))
            File.Delete(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _paths.Keys.ToArray())
            Delete(file);
    }
}
