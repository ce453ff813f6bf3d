using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Memory;

/// <summary>
/// Writes a safetensors file: tensors are declared first, then their bytes are streamed in the same order, so that no tensor has
/// to be in memory. The file appears under its name only when <see cref="Complete"/> has flushed it to disk.
/// </summary>
/// <remarks>Not thread-safe. The data starts at a multiple of 64 bytes. Python reads the file with <c>safetensors</c>.</remarks>
public sealed class SafetensorsWriter : IDataWriter, IDisposable
{
    private const int BufferSize = 1 << 20;
    private readonly string _temporary;
    private readonly List<SafetensorsEntry> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private FileStream? _stream;
    private int _next;
    private long _remaining;
    private bool _isComplete;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Final path; a file there is replaced at the end.</param>
    public SafetensorsWriter(string path)
    {
        Path = path;
        _temporary = path + ".tmp";
    }

    /// <summary>Final path of the file.</summary>
    public string Path { get; }

    /// <summary>Adds free text to the header.</summary>
    /// <param name="name">Unique name.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidOperationException">Writing has begun.</exception>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void AddMetadata(string name, string text)
    {
        ThrowIfStarted();
        _metadata.Add(name, text);
    }

    /// <summary>Declares a tensor; all declarations come before the first <see cref="Write{T}"/>.</summary>
    /// <param name="name">Unique name.</param>
    /// <param name="dtype">Type of the elements, see <see cref="SafetensorsEntry.ElementSize"/>.</param>
    /// <param name="shape">Sizes, each ≥ 0; none for a single number.</param>
    /// <exception cref="InvalidOperationException">Writing has begun.</exception>
    /// <exception cref="ArgumentException">The name is taken, the type unknown or a size negative.</exception>
    public void Declare(string name, string dtype, params ReadOnlySpan<long> shape)
    {
        ThrowIfStarted();
        var tensor = new SafetensorsEntry(name, dtype, shape.ToArray(), 0, SafetensorsEntry.CountBytes(dtype, shape));
        if (name == SafetensorsHeader.MetadataName)
            throw new ArgumentException($"A tensor cannot be named '{name}': the format uses that name for free text.", nameof(name));
        if (!_names.Add(name))
            throw new ArgumentException($"Tensor '{name}' is declared twice.", nameof(name));
        _tensors.Add(tensor);
    }

    /// <summary>Appends bytes of the current tensor; the next tensor begins when it is full.</summary>
    /// <typeparam name="T">Element type; only its bytes matter.</typeparam>
    /// <param name="data">Elements, at most as many as the tensor still lacks.</param>
    /// <exception cref="InvalidOperationException">More than was declared.</exception>
    public void Write<T>(ReadOnlySpan<T> data)
        where T : unmanaged
    {
        FileStream stream = Started();
        SkipFullTensors();
        long byteCount = (long)data.Length * Unsafe.SizeOf<T>();
        if (byteCount > _remaining)
            throw new InvalidOperationException(
                _remaining == 0 ? "All declared tensors are written." : $"Tensor '{_tensors[_next - 1].Name}' lacks {_remaining} bytes, but {byteCount} were given.");

        // Spans of bytes end at 2 GiB, spans of larger elements do not.
        for (; !data.IsEmpty; data = data[Math.Min(data.Length, BufferSize)..])
            stream.Write(MemoryMarshal.AsBytes(data[..Math.Min(data.Length, BufferSize)]));
        _remaining -= byteCount;
    }

    /// <summary>Flushes the file to disk and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">A declared tensor is not complete.</exception>
    public void Complete()
    {
        FileStream stream = Started();
        SkipFullTensors();
        if (_remaining > 0)
            throw new InvalidOperationException($"Tensor '{_tensors[_next - 1].Name}' lacks {_remaining} bytes.");
        stream.Flush(flushToDisk: true);
        stream.Dispose();
        File.Move(_temporary, Path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Ends writing; a file that was not completed is removed, and what was at its path stays.</summary>
    public void Dispose()
    {
        if (_isComplete || _stream is null)
            return;
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // The buffer did not fit the disk. The file is given up, and the caller has the exception of the write that failed.
        }
        finally
        {
            File.Delete(_temporary);
        }
    }

    // The stream is known before its first byte is written, so that Dispose finds it when that write fails.
    private FileStream Started()
    {
        if (_stream is not null)
            return _stream;
        byte[] header = SafetensorsHeader.Build(_tensors, _metadata);
        _stream = new FileStream(_temporary, FileMode.Create, FileAccess.Write, FileShare.None, BufferSize);
        _stream.Write(header);
        return _stream;
    }

    private void ThrowIfStarted()
    {
        if (_stream is not null)
            throw new InvalidOperationException("All tensors have to be declared before the first is written.");
    }

    private void SkipFullTensors()
    {
        while (_remaining == 0 && _next < _tensors.Count)
            _remaining = _tensors[_next++].ByteCount;
    }
}
