using System.IO.MemoryMappedFiles;

namespace RecSys.Embeddings.Memory;

/// <summary>A safetensors file mapped into memory: tensors of any size are read in place.</summary>
/// <remarks>Reading is thread-safe; <see cref="Dispose"/> must not race with it.</remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private bool _isDisposed;

    private SafetensorsFile(string path, SafetensorsHeader header, bool isPrivate)
    {
        Path = path;
        IsPrivate = isPrivate;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
        var access = isPrivate ? MemoryMappedFileAccess.CopyOnWrite : MemoryMappedFileAccess.Read;
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, access);
        _view = _map.CreateViewAccessor(0, 0, access);
        byte* data = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        _data = data;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>True when the bytes may be changed here: pages that are written take memory of this process, and the file stays as it is.</summary>
    public bool IsPrivate { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>Free text by name: the <c>__metadata__</c> of the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header: places and sizes of all tensors against the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isPrivate">Whether the bytes may be changed here.</param>
    /// <exception cref="InvalidDataException">The file is damaged; the message names it and what is wrong.</exception>
    public static SafetensorsFile Open(string path, bool isPrivate = false)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new SafetensorsFile(path, SafetensorsHeader.Read(stream), isPrivate);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}.", e);
        }
    }

    /// <summary>All elements of a tensor of at most 2^31 − 1 elements.</summary>
    /// <typeparam name="T">Element type; its name has to be the tensor's.</typeparam>
    /// <param name="name">Name of the tensor.</param>
    /// <exception cref="InvalidDataException">There is no such tensor, it has another element type, or it is too long for a span.</exception>
    public ReadOnlySpan<T> Read<T>(string name)
        where T : unmanaged
    {
        if (!Tensors.TryGetValue(name, out SafetensorsEntry? entry))
            throw new InvalidDataException($"{Path}: there is no tensor '{name}'.");
        if (entry.DType != SafetensorsEntry.TypeName<T>())
            throw new InvalidDataException($"{Path}: tensor '{name}' has elements of type {entry.DType}, not {SafetensorsEntry.TypeName<T>()}.");
        long length = entry.ByteCount / sizeof(T);
        if (length > int.MaxValue)
            throw new InvalidDataException($"{Path}: tensor '{name}' has {length} elements, more than can be read at once.");
        return Read<T>(entry, 0, (int)length);
    }

    /// <summary>Some elements of a tensor, whatever its type: <c>byte</c> reads raw bytes, <c>ushort</c> the bits of BF16.</summary>
    /// <typeparam name="T">Element type.</typeparam>
    /// <param name="entry">One of <see cref="Tensors"/>.</param>
    /// <param name="start">First element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the tensor.</exception>
    public ReadOnlySpan<T> Read<T>(SafetensorsEntry entry, long start, int length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, (entry.ByteCount / sizeof(T)) - length);
        return new ReadOnlySpan<T>(Pointer(entry) + (start * sizeof(T)), length);
    }

    /// <summary>Lets go of the file; spans read from it must not be used any more.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    /// <summary>First byte of a tensor.</summary>
    internal byte* Pointer(SafetensorsEntry entry)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _data + entry.Start;
    }
}
