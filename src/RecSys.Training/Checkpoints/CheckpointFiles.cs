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
    private const int PieceByteCount = 1 << 24;

    /// <summary>Writes parameters and buffers of a model.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="model">The model.</param>
    public static void WriteModel(string folder, Module model) => TensorFile.Write(Path.Combine(folder, Model), model.state_dict());

    /// <summary>Reads parameters and buffers of a model.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidDataException">The tensors of the file are not those of the model.</exception>
    public static void ReadModel(string folder, Module model) => Load(Path.Combine(folder, Model), model.load_state_dict);

    /// <summary>Writes the state of the dense optimiser and of libtorch's random generator.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser.</param>
    public static void WriteOptimizer(string folder, Optimizer optimizer)
    {
        using var scope = torch.NewDisposeScope();
        var state = optimizer.state_dict();
        state.Add(RandomState, torch.get_rng_state());
        TensorFile.Write(Path.Combine(folder, Optimizer), state);
    }

    /// <summary>Reads what <see cref="WriteOptimizer"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser, of the same kind and parameters.</param>
    /// <exception cref="InvalidDataException">The tensors of the file are not those of the optimiser.</exception>
    public static void ReadOptimizer(string folder, Optimizer optimizer) => Load(Path.Combine(folder, Optimizer), state =>
    {
        if (!state.Remove(RandomState, out var random))
            throw new ArgumentException($"There is no tensor '{RandomState}'.");
        optimizer.load_state_dict(state);
        torch.set_rng_state(random);
    });

    /// <summary>True when a checkpoint holds what training needs to go on: the states of both optimisers.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    public static bool HasOptimizers(string folder) => File.Exists(Path.Combine(folder, Optimizer)) && File.Exists(Path.Combine(folder, TableState));

    /// <summary>Writes all rows, without the state of the sparse optimiser.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows.</param>
    public static void WriteTables(string folder, MemoryRowStore store)
    {
        using var rows = new SafetensorsWriter(Path.Combine(folder, Tables));
        WriteTables(rows, store, Rows);
    }

    /// <summary>Writes all rows and the state of the sparse optimiser.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows.</param>
    public static void WriteRows(string folder, MemoryRowStore store)
    {
        WriteTables(folder, store);
        using var state = new SafetensorsWriter(Path.Combine(folder, TableState));
        state.Declare(StepCount, "I64", 1);
        WriteTables(state, store, States, [store.Optimizer.StepCount]);
    }

    /// <summary>Reads what <see cref="WriteRows"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows, of the same tables.</param>
    /// <exception cref="InvalidDataException">A table is missing or has another shape.</exception>
    public static void ReadRows(string folder, MemoryRowStore store)
    {
        using (var rows = SafetensorsFile.Open(Path.Combine(folder, Tables)))
            ReadTables(rows, store, Rows);
        using var state = SafetensorsFile.Open(Path.Combine(folder, TableState));
        store.Optimizer.StepCount = state.Read<long>(StepCount)[0];
        ReadTables(state, store, States);
    }

    /// <summary>Steps of the sparse optimiser at the time of a checkpoint.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    public static long ReadStepCount(string folder)
    {
        using var state = SafetensorsFile.Open(Path.Combine(folder, TableState));
        return state.Read<long>(StepCount)[0];
    }

    /// <summary>Writes parameters and rows into one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The dense part.</param>
    /// <param name="store">The rows.</param>
    public static void WriteAll(string path, Module model, MemoryRowStore store)
    {
        using var writer = new SafetensorsWriter(path);
        var dense = model.state_dict();
        TensorFile.Declare(writer, dense);
        foreach (var table in store.RowTables)
            writer.Declare(table.Spec.Name, table.Spec.StoredAs.Type, table.Spec.StoredAs.Shape);
        TensorFile.Append(writer, dense);
        foreach (var table in store.RowTables)
            Write(writer, Rows(table));
        writer.Complete();
    }

    private static void Load(string path, Action<Dictionary<string, Tensor>> load)
    {
        using var scope = torch.NewDisposeScope();
        var state = TensorFile.Read(path);
        try
        {
            load(state);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static TablePart Rows(RowTable table) => new(table.Spec.StoredAs.Type, table.Spec.StoredAs.Shape, table.Rows.ByteCount, table.Rows.Bytes);

    private static TablePart States(RowTable table) => new("F32", [table.Spec.RowCount, table.StateWidth], table.States.ByteCount, table.States.Bytes);

    private static void WriteTables(SafetensorsWriter writer, MemoryRowStore store, Func<RowTable, TablePart> part, long[]? first = null)
    {
        foreach (var table in store.RowTables)
            writer.Declare(table.Spec.Name, part(table).Type, part(table).Shape);
        if (first is not null)
            writer.Write<long>(first);
        foreach (var table in store.RowTables)
            Write(writer, part(table));
        writer.Complete();
    }

    private static void Write(SafetensorsWriter writer, TablePart part)
    {
        for (long start = 0; start < part.ByteCount; start += PieceByteCount)
            writer.Write<byte>(part.Bytes(start, (int)Math.Min(PieceByteCount, part.ByteCount - start)));
    }

    private static void ReadTables(SafetensorsFile file, MemoryRowStore store, Func<RowTable, TablePart> partOf)
    {
        // Reading instead of mapping: mapped pages would count as resident memory beside the table itself.
        using var handle = File.OpenHandle(file.Path);
        foreach (var table in store.RowTables)
        {
            var part = partOf(table);
            if (!file.Tensors.TryGetValue(table.Spec.Name, out var entry) || entry.DType != part.Type || !entry.Shape.SequenceEqual(part.Shape))
                throw new InvalidDataException($"{file.Path}: table '{table.Spec.Name}' {part.Type} [{string.Join(" × ", part.Shape)}] is missing or has another type or shape; the configuration does not belong to this checkpoint.");
            for (long start = 0; start < part.ByteCount; start += PieceByteCount)
                ReadExactly(file, entry, handle, part.Bytes(start, (int)Math.Min(PieceByteCount, part.ByteCount - start)), entry.Start + start);
        }
    }

    private static void ReadExactly(SafetensorsFile file, SafetensorsEntry entry, SafeFileHandle handle, Span<byte> destination, long position)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(handle, destination, position);
            if (count == 0)
                throw new InvalidDataException($"{file.Path}: the file ends at byte {position}, within table '{entry.Name}'.");
            destination = destination[count..];
            position += count;
        }
    }

    // Rows or optimiser state of a table: type and shape in the file, and the bytes in memory.
    private readonly record struct TablePart(string Type, long[] Shape, long ByteCount, Func<long, int, Span<byte>> Bytes);
}
