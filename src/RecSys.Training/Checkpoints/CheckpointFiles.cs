using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Torch.Modules;
using RecSys.Torch.Optim;

namespace RecSys.Training.Checkpoints;

/// <summary>The safetensors files of a checkpoint: what each holds, written and read back.</summary>
public static class CheckpointFiles
{
    /// <summary>Embedding rows, one tensor per table.</summary>
    public const string Tables = "tables.safetensors";

    private const string Model = "model.safetensors";
    private const string Optimizer = "optimizer.safetensors";
    private const string TableState = "table_state.safetensors";
    private const string RandomState = "random_state";
    private const string StepCount = "step_count";

    // Tables are copied in pieces, so that a checkpoint of a table larger than memory's free half can still be written.
    private const int PieceLength = 1 << 22;

    /// <summary>Writes parameters and buffers of a model.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="model">The model.</param>
    public static void WriteModel(string folder, Module model) => WriteTensors(Path.Combine(folder, Model), model.state_dict());

    /// <summary>Reads parameters and buffers of a model.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="model">The model; names and shapes have to be those of the file.</param>
    public static void ReadModel(string folder, Module model) => ReadTensors(Path.Combine(folder, Model), model.load_state_dict);

    /// <summary>Writes the state of the dense optimiser and of libtorch's random generator.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser.</param>
    public static void WriteOptimizer(string folder, Optimizer optimizer)
    {
        using var scope = torch.NewDisposeScope();
        var state = optimizer.state_dict();
        state.Add(RandomState, torch.get_rng_state());
        WriteTensors(Path.Combine(folder, Optimizer), state);
    }

    /// <summary>Reads what <see cref="WriteOptimizer"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser, of the same kind and parameters.</param>
    public static void ReadOptimizer(string folder, Optimizer optimizer) => ReadTensors(Path.Combine(folder, Optimizer), state =>
    {
        torch.set_rng_state(state[RandomState]);
        state.Remove(RandomState);
        optimizer.load_state_dict(state);
    });

    /// <summary>Writes all rows and the state of the sparse optimiser.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows.</param>
    public static void WriteRows(string folder, MemoryRowStore store)
    {
        using (var rows = new SafetensorsWriter(Path.Combine(folder, Tables)))
            WriteTables(rows, store, t => (t.Values, t.Spec.Width));
        using var state = new SafetensorsWriter(Path.Combine(folder, TableState));
        state.Declare(StepCount, "I64", 1);
        WriteTables(state, store, t => (t.States, t.StateWidth), [store.Optimizer.StepCount]);
    }

    /// <summary>Reads what <see cref="WriteRows"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows, of the same tables.</param>
    /// <exception cref="InvalidDataException">A table is missing or has another shape.</exception>
    public static void ReadRows(string folder, MemoryRowStore store)
    {
        using (var rows = SafetensorsFile.Open(Path.Combine(folder, Tables)))
            ReadTables(rows, store, t => (t.Values, t.Spec.Width));
        using var state = SafetensorsFile.Open(Path.Combine(folder, TableState));
        store.Optimizer.StepCount = state.Read<long>(StepCount)[0];
        ReadTables(state, store, t => (t.States, t.StateWidth));
    }

    /// <summary>Writes parameters and rows into one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The dense part.</param>
    /// <param name="store">The rows.</param>
    public static void WriteAll(string path, Module model, MemoryRowStore store)
    {
        using var writer = new SafetensorsWriter(path);
        var dense = model.state_dict();
        Declare(writer, dense);
        foreach (var table in store.RowTables)
            writer.Declare(table.Spec.Name, "F32", table.Spec.RowCount, table.Spec.Width);
        Write(writer, dense);
        foreach (var table in store.RowTables)
            Write(writer, table.Values);
        writer.Complete();
    }

    private static void WriteTensors(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var writer = new SafetensorsWriter(path);
        Declare(writer, tensors);
        Write(writer, tensors);
        writer.Complete();
    }

    private static void Declare(SafetensorsWriter writer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach ((string name, var tensor) in tensors)
            writer.Declare(name, TypeName(tensor), tensor.shape);
    }

    private static void Write(SafetensorsWriter writer, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach (var tensor in tensors.Values)
        {
            using var scope = torch.NewDisposeScope();
            writer.Write<byte>(Bytes(tensor.detach().cpu().contiguous()));
        }
    }

    private static void WriteTables(SafetensorsWriter writer, MemoryRowStore store, Func<RowTable, (NativeBuffer<float> Data, int Width)> part, long[]? first = null)
    {
        foreach (var table in store.RowTables)
            writer.Declare(table.Spec.Name, "F32", table.Spec.RowCount, part(table).Width);
        if (first is not null)
            writer.Write<long>(first);
        foreach (var table in store.RowTables)
            Write(writer, part(table).Data);
        writer.Complete();
    }

    private static void Write(SafetensorsWriter writer, NativeBuffer<float> data)
    {
        for (long start = 0; start < data.Length; start += PieceLength)
            writer.Write<float>(data.Span(start, (int)Math.Min(PieceLength, data.Length - start)));
    }

    private static void ReadTables(SafetensorsFile file, MemoryRowStore store, Func<RowTable, (NativeBuffer<float> Data, int Width)> part)
    {
        // Reading instead of mapping: mapped pages would count as resident memory beside the table itself.
        using var handle = File.OpenHandle(file.Path);
        foreach (var table in store.RowTables)
        {
            (var data, int width) = part(table);
            if (!file.Tensors.TryGetValue(table.Spec.Name, out var entry) || !entry.Shape.SequenceEqual([table.Spec.RowCount, width]))
                throw new InvalidDataException($"{file.Path}: table '{table.Spec.Name}' [{table.Spec.RowCount} × {width}] is missing or has another shape; the configuration does not belong to this checkpoint.");
            for (long start = 0; start < data.Length; start += PieceLength)
            {
                int length = (int)Math.Min(PieceLength, data.Length - start);
                ReadExactly(handle, MemoryMarshal.AsBytes(data.Span(start, length)), entry.Start + (start * sizeof(float)));
            }
        }
    }

    private static void ReadExactly(SafeFileHandle handle, Span<byte> destination, long position)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(handle, destination, position);
            if (count == 0)
                throw new InvalidDataException($"The checkpoint ends at byte {position}, within a table.");
            destination = destination[count..];
            position += count;
        }
    }

    private static void ReadTensors(string path, Action<Dictionary<string, Tensor>> load)
    {
        using var file = SafetensorsFile.Open(path);
        using var scope = torch.NewDisposeScope();
        load(file.Tensors.Values.ToDictionary(e => e.Name, e => ToTensor(file, e)));
    }

    private static Tensor ToTensor(SafetensorsFile file, SafetensorsEntry entry)
    {
        var dtype = entry.DType switch
        {
            "F32" => torch.float32,
            "F64" => torch.float64,
            "BF16" => torch.bfloat16,
            "I64" => torch.int64,
            "I32" => torch.int32,
            _ => torch.uint8,
        };
        return torch.tensor(file.Read<byte>(entry, 0, checked((int)entry.ByteCount)), [.. entry.Shape], dtype);
    }

    private static string TypeName(Tensor tensor) => tensor.dtype switch
    {
        torch.float32 => "F32",
        torch.float64 => "F64",
        torch.bfloat16 => "BF16",
        torch.int64 => "I64",
        torch.int32 => "I32",
        torch.uint8 => "U8",
        var other => throw new NotSupportedException($"Tensors of type {other} cannot be saved."),
    };

    private static ReadOnlySpan<byte> Bytes(Tensor tensor) => tensor.dtype switch
    {
        torch.float32 => MemoryMarshal.AsBytes(tensor.Data<float>()),
        torch.float64 => MemoryMarshal.AsBytes(tensor.Data<double>()),
        torch.int64 => MemoryMarshal.AsBytes(tensor.Data<long>()),
        torch.int32 => MemoryMarshal.AsBytes(tensor.Data<int>()),
        _ => tensor.Data<byte>(),
    };
}
