using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Memory;

/// <summary>Reads the tensors of a safetensors file piece by piece, each from its beginning.</summary>
/// <param name="file">The file.</param>
internal sealed class SafetensorsReader(SafetensorsFile file) : IDataReader
{
    private SafetensorsEntry? _tensor;
    private long _done;

    /// <inheritdoc/>
    public void Expect(string name, string type, params ReadOnlySpan<long> shape)
    {
        if (!file.Tensors.TryGetValue(name, out _tensor))
            throw Damaged($"there is no tensor '{name}'");
        if (_tensor.DType != type || !shape.SequenceEqual([.. _tensor.Shape]))
            throw Damaged($"tensor '{name}' is {_tensor.DType} [{string.Join(" × ", _tensor.Shape)}], but {type} [{string.Join(" × ", shape.ToArray())}] was expected");
        _done = 0;
    }

    /// <inheritdoc/>
    public void Read<T>(Span<T> data)
        where T : unmanaged
    {
        int byteCount = checked(data.Length * Unsafe.SizeOf<T>());
        file.Read<byte>(_tensor!, _done, byteCount).CopyTo(MemoryMarshal.AsBytes(data));
        _done += byteCount;
    }

    /// <inheritdoc/>
    public InvalidDataException Damaged(string what) => new($"{file.Path}: {what}.");
}
