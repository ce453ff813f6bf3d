using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Torch.Modules;
using RecSys.Torch.Optim;
using RecSys.Training.Rows;

namespace RecSys.Training.Checkpoints;

/// <summary>The safetensors files of a checkpoint: what each holds, written and read back.</summary>
public static class CheckpointFiles
{
    /// <summary>Embedding rows, one tensor per table.</summary>
    public const string Tables = "tables.safetensors";

    private const string Model = "model.safetensors";
    private const string Optimizer = "optimizer.safetensors";
    private const string TableState = "table_state.safetensors";
    private const string StepCount = "step_count";
    private const string StateType = "F32";

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

    /// <summary>Writes the state of the dense optimiser and of libtorch's random generators.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="device">Where the dense part computes.</param>
    public static void WriteOptimizer(string folder, Optimizer optimizer, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var state = optimizer.state_dict();
        foreach (var (name, random) in RandomStates.Get(device))
            state.Add(name, random);
        TensorFile.Write(Path.Combine(folder, Optimizer), state);
    }

    /// <summary>Reads what <see cref="WriteOptimizer"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="optimizer">The optimiser, of the same kind and parameters.</param>
    /// <param name="device">Where the dense part computes.</param>
    /// <exception cref="InvalidDataException">The tensors of the file are not those of the optimiser.</exception>
    public static void ReadOptimizer(string folder, Optimizer optimizer, Device device) => Load(Path.Combine(folder, Optimizer), state =>
    {
        RandomStates.Restore(state, device);
        optimizer.load_state_dict(state);
    });

    /// <summary>True when a checkpoint holds what training needs to go on: the states of both optimisers.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    public static bool HasOptimizers(string folder) => File.Exists(Path.Combine(folder, Optimizer)) && File.Exists(Path.Combine(folder, TableState));

    /// <summary>Writes all rows, without the state of the sparse optimiser.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="store">The rows.</param>
    public static void WriteTables(string folder, MemoryRowStore store)
    {
        using var values = new SafetensorsWriter(Path.Combine(folder, Tables));
        foreach (var table in store.Tables)
            values.Declare(table.Name, table.StoredAs.Type, table.StoredAs.Shape);
        foreach (var table in store.RowTables)
            Write(values, table.Rows);
        values.Complete();
    }

    /// <summary>Writes all rows and the state of the sparse optimiser.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="rows">The rows.</param>
    internal static void WriteRows(string folder, PhaseRows rows)
    {
        using var values = new SafetensorsWriter(Path.Combine(folder, Tables));
        using var states = new SafetensorsWriter(Path.Combine(folder, TableState));
        states.Declare(StepCount, "I64", 1);
        foreach (var table in rows.Store.Tables)
        {
            values.Declare(table.Name, table.StoredAs.Type, table.StoredAs.Shape);
            states.Declare(table.Name, StateType, StateShape(table, rows));
        }

        states.Write<long>([rows.Optimizer.StepCount]);
        rows.Read(part =>
        {
            Write(values, part.Rows);
            Write(states, part.States);
        });
        values.Complete();
        states.Complete();
    }

    /// <summary>Reads what <see cref="WriteRows"/> wrote.</summary>
    /// <param name="folder">Folder of the checkpoint.</param>
    /// <param name="rows">The rows, of the same tables.</param>
    /// <exception cref="InvalidDataException">A table is missing or has another shape; no row has been changed.</exception>
    internal static void ReadRows(string folder, PhaseRows rows)
    {
        using var values = SafetensorsFile.Open(Path.Combine(folder, Tables));
        using var states = SafetensorsFile.Open(Path.Combine(folder, TableState));
        foreach (var table in rows.Store.Tables)
        {
            Check(values, table.Name, table.StoredAs.Type, table.StoredAs.Shape);
            Check(states, table.Name, StateType, StateShape(table, rows));
        }

        // Reading instead of mapping: mapped pages would count as resident memory beside the table itself.
        using var valueHandle = File.OpenHandle(values.Path);
        using var stateHandle = File.OpenHandle(states.Path);
        rows.Optimizer.StepCount = states.Read<long>(StepCount)[0];
        rows.Write(part =>
        {
            long first = part.Spec.Numbers.First;
            Read(values, part.Spec.Name, valueHandle, part.Rows, first * part.Spec.RowByteCount);
            Read(states, part.Spec.Name, stateHandle, part.States, first * part.StateWidth * sizeof(float));
        });
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
            Write(writer, table.Rows);
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

    private static long[] StateShape(TableSpec table, PhaseRows rows) => [table.RowCount, rows.Optimizer.StateWidth(table.Width)];

    private static void Write<T>(SafetensorsWriter writer, NativeBuffer<T> buffer)
        where T : unmanaged
    {
        for (long start = 0; start < buffer.ByteCount; start += PieceByteCount)
            writer.Write<byte>(buffer.Bytes(start, (int)Math.Min(PieceByteCount, buffer.ByteCount - start)));
    }

    private static void Check(SafetensorsFile file, string table, string type, long[] shape)
    {
        if (!file.Tensors.TryGetValue(table, out var entry) || entry.DType != type || !entry.Shape.SequenceEqual(shape))
            throw new InvalidDataException($"{file.Path}: table '{table}' {type} [{string.Join(" × ", shape)}] is missing or has another type or shape; the configuration does not belong to this checkpoint.");
    }

    private static void Read<T>(SafetensorsFile file, string table, SafeFileHandle handle, NativeBuffer<T> buffer, long offset)
        where T : unmanaged
    {
        var entry = file.Tensors[table];
        for (long start = 0; start < buffer.ByteCount; start += PieceByteCount)
            ReadExactly(file, entry, handle, buffer.Bytes(start, (int)Math.Min(PieceByteCount, buffer.ByteCount - start)), entry.Start + offset + start);
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
}
