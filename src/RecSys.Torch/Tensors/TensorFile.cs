using RecSys.Embeddings.Memory;

namespace RecSys.Torch;

/// <summary>Named tensors (a module's or optimiser's state) in safetensors files.</summary>
public static class TensorFile
{
    private static readonly Dictionary<ScalarType, string> s_typeNames = new()
    {
        [ScalarType.Float32] = "F32",
        [ScalarType.Float64] = "F64",
        [ScalarType.BFloat16] = "BF16",
        [ScalarType.Int64] = "I64",
        [ScalarType.Int32] = "I32",
        [ScalarType.Byte] = "U8",
        [ScalarType.Bool] = "BOOL",
    };

    /// <summary>Writes a file of tensors from any device.</summary>
    /// <param name="path">The file; it appears under its name when it is complete.</param>
    /// <param name="tensors">Tensors by name.</param>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using SafetensorsWriter writer = new(path);
        Declare(writer, tensors);
        Append(writer, tensors);
        writer.Complete();
    }

    /// <summary>Declares tensors in a file that holds others too.</summary>
    /// <param name="writer">File whose data has not begun.</param>
    /// <param name="tensors">Tensors by name.</param>
    /// <exception cref="NotSupportedException">Elements of a type without a <see cref="ScalarType"/>.</exception>
    public static void Declare(SafetensorsWriter writer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!s_typeNames.TryGetValue(tensor.dtype, out string? type))
                throw new NotSupportedException($"{writer.Path}: tensor '{name}' has elements of type {tensor.dtype}; writable are {string.Join(", ", s_typeNames.Keys)}.");
            writer.Declare(name, type, tensor.shape);
        }
    }

    /// <summary>Writes the data of tensors declared with <see cref="Declare"/>.</summary>
    /// <param name="writer">File whose next tensors these are.</param>
    /// <param name="tensors">The same tensors.</param>
    public static void Append(SafetensorsWriter writer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach (Tensor tensor in tensors.Values)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            writer.Write<byte>(tensor.detach().cpu().contiguous().Data<byte>());
        }
    }

    /// <summary>Reads all tensors of a file to the processor.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or has elements of a type without a <see cref="ScalarType"/>.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return file.Tensors.Values.ToDictionary(entry => entry.Name, entry => Read(file, entry));
    }

    /// <summary>Reads one tensor of a file to the processor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">One of its tensors.</param>
    /// <exception cref="InvalidDataException">The elements are of a type without a <see cref="ScalarType"/>, or more than 2 GiB.</exception>
    public static Tensor Read(SafetensorsFile file, SafetensorsEntry entry)
    {
        if (entry.ByteCount > int.MaxValue)
            throw new InvalidDataException($"{file.Path}: tensor '{entry.Name}' has {entry.ByteCount} bytes; readable at once are {int.MaxValue}.");
        foreach ((ScalarType dtype, string name) in s_typeNames)
        {
            if (name == entry.DType)
                return torch.tensor(file.Read<byte>(entry, 0, (int)entry.ByteCount), [.. entry.Shape], dtype);
        }

        throw new InvalidDataException(
            $"{file.Path}: tensor '{entry.Name}' has elements of type {entry.DType}; readable are {string.Join(", ", s_typeNames.Values)}.");
    }
}
